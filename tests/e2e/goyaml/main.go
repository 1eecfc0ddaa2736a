// Reads pairs of YAML texts, a JSON array of two strings a line, with the YAML library of Drone's parser, and prints the
// number of each pair (from 1) whose texts do not mean the same, with what they mean.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"github.com/buildkite/yaml"
)

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			fmt.Println("read", number-1)
			return
		}
		var pair [2]string
		if err := json.Unmarshal(line, &pair); err != nil {
			panic(err)
		}
		var first, second interface{}
		if err := yaml.Unmarshal([]byte(pair[0]), &first); err != nil {
			fmt.Printf("%d: the first is not YAML: %v\n", number, err)
			continue
		}
		if err := yaml.Unmarshal([]byte(pair[1]), &second); err != nil {
			fmt.Printf("%d: the second is not YAML: %v\n", number, err)
			continue
		}
		if !reflect.DeepEqual(first, second) {
			fmt.Printf("%d: %#v and %#v\n", number, first, second)
		}
	}
}
