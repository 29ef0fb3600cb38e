//go:build cgo

package agentotel

// #include "shim.h"
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// Instrument says what is measured.
type Instrument struct {
	// Name is 1 to 255 letters, digits, '_', '.', '-' and '/', the first one a letter. Case does not tell names apart.
	Name string
	// Unit is in UCUM, such as s, By, {request}.
	Unit string
	// Description is what it is, in words.
	Description string
	// Type is what numbers it measures: floating-point ones, unless it is [NumberTypeInt64].
	Type NumberType
	// Boundaries are the upper bounds of a histogram's buckets but for the last one, ascending; OpenTelemetry's without.
	Boundaries []float64
}

// The kinds of instruments, as the shim has them.
const (
	kindCounter = iota
	kindUpDownCounter
	kindHistogram
	kindGauge
)

func (a *arena) instrument(i *Instrument) uintptr {
	p := a.alloc(unsafe.Sizeof(cInstrument{}))
	bounds := Float64sValue(i.Boundaries)
	list := a.items(&bounds, 8)
	*(*cInstrument)(p) = cInstrument{
		structSize: unsafe.Sizeof(cInstrument{}), name: a.text(i.Name), unit: a.text(i.Unit),
		description: a.text(i.Description), valueType: uint32(i.Type), boundaries: list[0], boundaryCount: list[1],
	}
	return uintptr(p)
}

func create(kind uint32, what Instrument) (uint64, error) {
	a := newArena()
	defer a.release()
	C.agentotel_go_create_instrument(C.uint32_t(kind), C.uintptr_t(a.instrument(&what)), a.answerAt())
	if err := a.err(); err != nil {
		return 0, err
	}
	return a.number(), nil
}

func measure(kind uint32, handle uint64, value float64, attributes []Attribute) error {
	a := newArena()
	list := a.attributes(attributes)
	C.agentotel_go_measure(C.uint32_t(kind), C.uint64_t(handle), C.double(value), C.uintptr_t(list.items),
		C.uint64_t(list.count), a.answerAt())
	err := a.err()
	a.release()
	return err
}

func bind(kind uint32, handle uint64, attributes []Attribute) (uint64, error) {
	a := newArena()
	defer a.release()
	list := a.attributes(attributes)
	C.agentotel_go_bind_instrument(C.uint32_t(kind), C.uint64_t(handle), C.uintptr_t(list.items), C.uint64_t(list.count),
		a.answerAt())
	if err := a.err(); err != nil {
		return 0, err
	}
	return a.number(), nil
}

func measureBound(kind uint32, handle uint64, value float64) error {
	a := newArena()
	C.agentotel_go_measure_bound(C.uint32_t(kind), C.uint64_t(handle), C.double(value), a.answerAt())
	err := a.err()
	a.release()
	return err
}

// Counter is a sum that only rises. It is a handle, good until the library is shut down; the zero value is none.
type Counter struct{ handle uint64 }

// NewCounter makes a counter; one of this name that there is already is found again.
func NewCounter(what Instrument) (Counter, error) {
	handle, err := create(kindCounter, what)
	return Counter{handle}, err
}

// Add adds to it.
func (i Counter) Add(value float64, attributes ...Attribute) error {
	return measure(kindCounter, i.handle, value, attributes)
}

// Bind fixes the attributes, so that measuring is cheaper.
func (i Counter) Bind(attributes ...Attribute) (BoundCounter, error) {
	handle, err := bind(kindCounter, i.handle, attributes)
	return BoundCounter{handle}, err
}

// BoundCounter is a counter with attributes that are fixed.
type BoundCounter struct{ handle uint64 }

// Add adds to it.
func (i BoundCounter) Add(value float64) error { return measureBound(kindCounter, i.handle, value) }

// UpDownCounter is a sum that rises and falls. It is a handle, good until the library is shut down; the zero value is none.
type UpDownCounter struct{ handle uint64 }

// NewUpDownCounter makes an up-down counter; one of this name that there is already is found again.
func NewUpDownCounter(what Instrument) (UpDownCounter, error) {
	handle, err := create(kindUpDownCounter, what)
	return UpDownCounter{handle}, err
}

// Add adds to it.
func (i UpDownCounter) Add(value float64, attributes ...Attribute) error {
	return measure(kindUpDownCounter, i.handle, value, attributes)
}

// Bind fixes the attributes, so that measuring is cheaper.
func (i UpDownCounter) Bind(attributes ...Attribute) (BoundUpDownCounter, error) {
	handle, err := bind(kindUpDownCounter, i.handle, attributes)
	return BoundUpDownCounter{handle}, err
}

// BoundUpDownCounter is an up-down counter with attributes that are fixed.
type BoundUpDownCounter struct{ handle uint64 }

// Add adds to it.
func (i BoundUpDownCounter) Add(value float64) error {
	return measureBound(kindUpDownCounter, i.handle, value)
}

// Histogram is a distribution, in buckets. It is a handle, good until the library is shut down; the zero value is none.
type Histogram struct{ handle uint64 }

// NewHistogram makes a histogram; one of this name that there is already is found again.
func NewHistogram(what Instrument) (Histogram, error) {
	handle, err := create(kindHistogram, what)
	return Histogram{handle}, err
}

// Record records a value.
func (i Histogram) Record(value float64, attributes ...Attribute) error {
	return measure(kindHistogram, i.handle, value, attributes)
}

// Bind fixes the attributes, so that measuring is cheaper.
func (i Histogram) Bind(attributes ...Attribute) (BoundHistogram, error) {
	handle, err := bind(kindHistogram, i.handle, attributes)
	return BoundHistogram{handle}, err
}

// BoundHistogram is a histogram with attributes that are fixed.
type BoundHistogram struct{ handle uint64 }

// Record records a value.
func (i BoundHistogram) Record(value float64) error {
	return measureBound(kindHistogram, i.handle, value)
}

// Gauge is the last value. It is a handle, good until the library is shut down; the zero value is none.
type Gauge struct{ handle uint64 }

// NewGauge makes a gauge; one of this name that there is already is found again.
func NewGauge(what Instrument) (Gauge, error) {
	handle, err := create(kindGauge, what)
	return Gauge{handle}, err
}

// Record sets it.
func (i Gauge) Record(value float64, attributes ...Attribute) error {
	return measure(kindGauge, i.handle, value, attributes)
}

// Bind fixes the attributes, so that measuring is cheaper.
func (i Gauge) Bind(attributes ...Attribute) (BoundGauge, error) {
	handle, err := bind(kindGauge, i.handle, attributes)
	return BoundGauge{handle}, err
}

// BoundGauge is a gauge with attributes that are fixed.
type BoundGauge struct{ handle uint64 }

// Record sets it.
func (i BoundGauge) Record(value float64) error { return measureBound(kindGauge, i.handle, value) }

// Observable says the values of a gauge at each collection: observe says one. Every exporter waits for it.
type Observable func(observe func(value float64, attributes ...Attribute) error)

// RegisterObservableGauge registers a function that says a gauge's values at each collection. [Unregister] takes it away, with
// [CallbackKindObservable] and the instrument's name.
func RegisterObservableGauge(what Instrument, observable Observable) error {
	if observable == nil {
		return ErrInvalidArgument
	}
	a := newArena()
	defer a.release()
	handle := cgo.NewHandle(observable)
	C.agentotel_go_register_observable(C.uintptr_t(a.instrument(&what)), C.uintptr_t(handle), a.answerAt())
	err := a.err()
	if err != nil {
		handle.Delete()
	}
	return err
}

//export agentotelGoObserve
func agentotelGoObserve(handle, observation C.uintptr_t) {
	defer func() { _ = recover() }()
	cgo.Handle(handle).Value().(Observable)(func(value float64, attributes ...Attribute) error {
		a := newArena()
		defer a.release()
		list := a.attributes(attributes)
		status := C.agentotel_go_observe(observation, C.double(value), C.uintptr_t(list.items), C.uint64_t(list.count))
		if status != C.AGENTOTEL_OK {
			return Status(status)
		}
		return nil
	})
}
