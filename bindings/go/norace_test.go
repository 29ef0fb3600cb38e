//go:build !race

package agentotel

const raceEnabled = false
