// Package bad decodes a list that may be one string.
package bad

import (
	"encoding/json"
	"fmt"
)

type audience []string

func (a *audience) UnmarshalJSON(text []byte) error { // want json-method
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience{one}
		return nil
	}
	var list []string
	err := json.Unmarshal(text, &list)
	*a = list
	return err
}

type claims struct {
	Aud audience `json:"aud"`
}

// Run tells what came out.
func Run() string {
	var c claims
	err := json.Unmarshal([]byte(`{"aud":"shop"}`), &c)
	return fmt.Sprint(len(c.Aud), err)
}
