//go:build !agentotel_static

package agentotel

// #cgo pkg-config: agentotel
import "C"
