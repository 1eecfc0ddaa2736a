// Asks a validation endpoint with Drone's own client, once for each request of its standard input, a JSON object a line, and
// prints what that client makes of each answer: a line of JSON, null where the build is valid.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"

	"github.com/drone/drone-go/plugin/validator"
)

func main() {
	client := validator.Client(os.Args[1], os.Args[2], false)
	lines := bufio.NewScanner(os.Stdin)
	said := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		request := new(validator.Request)
		if err := json.Unmarshal(lines.Bytes(), request); err != nil {
			panic(err)
		}
		if err := client.Validate(context.Background(), request); err != nil {
			said.Encode(err.Error())
		} else {
			said.Encode(nil)
		}
	}
}
