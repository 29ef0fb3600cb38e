// The same in Go.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	agentotel "github.com/agentotel/agentotel/bindings/go"
)

func main() {
	library, err := agentotel.Init(context.Background(),
		agentotel.WithConfig(fmt.Sprintf(`{"exporters":[{"type":"file","path":%q}]}`, os.Args[1])))
	if err != nil {
		log.Fatal(err)
	}
	_, session := agentotel.StartSession(context.Background())
	if _, err := session.Record(agentotel.Custom{Name: "installed"}); err != nil {
		log.Fatal(err)
	}
	if err := session.End(); err != nil {
		log.Fatal(err)
	}
	if err := library.Close(); err != nil {
		log.Fatal(err)
	}
}
