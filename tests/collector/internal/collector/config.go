// Package collector starts and stops the tests' Collector. This file writes its configuration; process.go
// runs it.
package collector

import (
	"encoding/json"
	"fmt"
	"net"

	"agentotel.dev/tests/collector/internal/jsonlines"
)

// loopback is the only address that anything here listens on.
const loopback = "127.0.0.1"

// Ports are the receiver's; one that is zero is chosen among those that are free.
type Ports struct{ HTTP, GRPC int }

// freePorts fills in the ports that are zero. Each is free at this moment; another program may still take it
// before the Collector does, which then fails to start and is started again with others.
func freePorts(ports Ports) (Ports, error) {
	for _, port := range []*int{&ports.HTTP, &ports.GRPC} {
		if *port != 0 {
			continue
		}
		listener, err := net.Listen("tcp", loopback+":0")
		if err != nil {
			return Ports{}, err
		}
		// Held until all are chosen, so that no two are the same.
		defer listener.Close()
		*port = listener.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

// document is the configuration, as JSON, which is YAML as well: what is received over OTLP, or read from a
// file when one is named, goes to the file exporter and, one line a batch, to the log.
func document(options Options, ports Ports, output string) ([]byte, error) {
	type object = map[string]any
	signals := []string{"traces", "logs", "metrics"}
	protocol := func(port int) object {
		protocol := object{"endpoint": fmt.Sprintf("%s:%d", loopback, port)}
		if secured := options.Secured; secured != nil {
			tls := object{"cert_file": secured.ServerCert, "key_file": secured.ServerKey}
			if options.Mutual {
				tls["client_ca_file"] = secured.Authority
			}
			protocol["tls"] = tls
		}
		return protocol
	}
	receivers := object{"otlp": object{"protocols": object{
		"http": protocol(ports.HTTP), "grpc": protocol(ports.GRPC),
	}}}
	if options.ReadFile != "" {
		signals = []string{"traces", "logs"}
		receivers = object{jsonlines.TypeName: object{"path": options.ReadFile}}
	}
	pipelines := object{}
	for _, signal := range signals {
		names := []string{}
		for name := range receivers {
			names = append(names, name)
		}
		pipelines[signal] = object{"receivers": names, "exporters": []string{"file", "debug"}}
	}
	return json.MarshalIndent(object{
		"receivers": receivers,
		"exporters": object{
			"file":  object{"path": output, "format": "json"},
			"debug": object{"verbosity": "basic"},
		},
		"service": object{"pipelines": pipelines},
	}, "", "  ")
}
