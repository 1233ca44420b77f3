// Makes what a system of the original leaves behind, with the libraries it uses: age, crypto/cipher, encoding/json. See ../../README.md.
package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
)

// Writes the folder it is given: root-key, and for each mode a data folder, an export and a registration in ciphertext.
func main() {
	to := os.Args[1]
	identity, err := age.GenerateX25519Identity()
	must(err)
	seed := make([]byte, 32)
	rand.Read(seed)
	keep(to, "root-key", []byte(identity.String()+"\n"+identity.Recipient().String()+"\n"+hex.EncodeToString(seed)))
	keep(to, "secrets.jsonl", expectations())
	for mode, seal := range map[string]func([]byte) []byte{
		"age": func(plain []byte) []byte { return sealAge(identity.Recipient(), plain) },
		"aes": func(plain []byte) []byte { return sealCFB(seed, plain) },
	} {
		keep(to, mode+"-data.jsonl", dataFolder(seal))
		keep(to, mode+"-export.json", export(mode, seal))
		keep(to, mode+"-registration", []byte(base64.StdEncoding.EncodeToString(seal([]byte("!VSecMRocks!")))))
	}
}

func sealAge(recipient age.Recipient, plain []byte) []byte {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, recipient)
	must(err)
	_, err = w.Write(plain)
	must(err)
	must(w.Close())
	return out.Bytes()
}

// Its FIPS mode: a random IV, then CFB, and nothing that would notice a change.
func sealCFB(seed, plain []byte) []byte {
	block, err := aes.NewCipher(seed)
	must(err)
	out := make([]byte, aes.BlockSize+len(plain))
	rand.Read(out[:aes.BlockSize])
	cipher.NewCFBEncrypter(block, out[:aes.BlockSize]).XORKeyStream(out[aes.BlockSize:], plain)
	return out
}

// One file a line, {"file":NAME,"data":BASE64}: names as these do not travel well as files.
func dataFolder(seal func([]byte) []byte) []byte {
	var lines bytes.Buffer
	for _, s := range secrets() {
		sealed := base64.StdEncoding.EncodeToString(seal(s.record()))
		writeLine(&lines, map[string]string{"file": s.name + ".age", "data": sealed})
		for _, n := range s.backups {
			writeLine(&lines, map[string]string{"file": s.name + "-" + n + "-.age.backup", "data": sealed})
		}
	}
	return lines.Bytes()
}

// What `safe -l -e` prints between two empty lines. Up to 0.28.0 a value is an array.
func export(mode string, seal func([]byte) []byte) []byte {
	var items []map[string]any
	for _, s := range secrets() {
		var sealed []string
		for _, v := range s.values {
			sealed = append(sealed, base64.StdEncoding.EncodeToString(seal([]byte(v))))
		}
		item := map[string]any{"name": s.name, "created": s.created.Format(time.RFC3339), "updated": s.updated.Format(time.RFC3339),
			"notBefore": s.updated.Format(time.RFC3339), "expiresAfter": never.Format(time.RFC3339), "value": sealed}
		if s.shape == single {
			item["value"] = sealed[0]
		}
		items = append(items, item)
	}
	text, err := json.Marshal(map[string]any{"secrets": items, "algorithm": mode})
	must(err)
	return []byte("\n" + strings.TrimSpace(string(text)) + "\n\n")
}

// What a reader must find: {"name","values","delivered","namespaces"}, a line a secret.
func expectations() []byte {
	var lines bytes.Buffer
	for _, s := range secrets() {
		writeLine(&lines, map[string]any{"name": s.name, "values": s.values, "delivered": s.delivered, "namespaces": s.namespaces})
	}
	return lines.Bytes()
}

func writeLine(out *bytes.Buffer, v any) {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	must(encoder.Encode(v))
}

func keep(folder, name string, content []byte) {
	must(os.WriteFile(filepath.Join(folder, name), content, 0o644))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
