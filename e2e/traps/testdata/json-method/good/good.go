// Package good decodes by hand.
package good

import (
	"encoding/json"
	"fmt"
)

type claims struct {
	Aud json.RawMessage `json:"aud"`
}

func audience(text json.RawMessage) ([]string, error) {
	var one string
	if json.Unmarshal(text, &one) == nil {
		return []string{one}, nil
	}
	var list []string
	err := json.Unmarshal(text, &list)
	return list, err
}

// Run tells what came out.
func Run() string {
	var c claims
	if err := json.Unmarshal([]byte(`{"aud":"shop"}`), &c); err != nil {
		return err.Error()
	}
	aud, err := audience(c.Aud)
	return fmt.Sprint(len(aud), err)
}
