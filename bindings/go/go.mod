module github.com/agentotel/agentotel/bindings/go

go 1.24
