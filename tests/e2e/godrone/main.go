// Reads texts, a JSON string a line, with the parser and linter of the Drone server (2.12.0 to 2.28.2), and prints for each a
// line with what Drone would say, empty where it would accept the text.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/drone/drone-yaml/yaml"
	"github.com/drone/drone-yaml/yaml/linter"
)

func verdict(text string) (said string) {
	defer func() {
		if problem := recover(); problem != nil {
			said = fmt.Sprint(problem)
		}
	}()
	manifest, err := yaml.ParseString(text)
	if err == nil {
		err = linter.Manifest(manifest, true)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var text string
		if err := json.Unmarshal(line, &text); err != nil {
			panic(err)
		}
		fmt.Println(strings.ReplaceAll(verdict(text), "\n", " "))
	}
}
