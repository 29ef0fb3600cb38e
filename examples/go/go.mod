module github.com/agentotel/agentotel/examples/go

go 1.24

require github.com/agentotel/agentotel/bindings/go v0.0.0

replace github.com/agentotel/agentotel/bindings/go => ../../bindings/go
