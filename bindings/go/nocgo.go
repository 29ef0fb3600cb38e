//go:build !cgo

package agentotel

// What stands here stops the build with a message: this package is a binding to a C library.
var _ = agentotel_needs_cgo_set_CGO_ENABLED_to_1_and_install_a_C_compiler
