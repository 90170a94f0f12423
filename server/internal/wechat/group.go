package wechat

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"time"
)

// Group is the chat group from which a page was opened.
type Group struct {
	OpenGID     string // of the group, the same for everybody in it
	GroupOpenID string // of the user within the group; empty outside of chat tools
	ChatType    int    // 1 single chat, 2 WeCom group, 3 ordinary group; 0 if not told
	At          time.Time
}

// OpenGroup decrypts what wx.getGroupEnterInfo gave to the page. Data for another mini-program or sealed
// with another session key is refused as SessionStale: logging in anew cures it.
func (c *Client) OpenGroup(sessionKey, encryptedData, iv string) (Group, error) {
	if len(encryptedData) > 4096 {
		return Group{}, &Error{Code: BadRequest}
	}
	plain, err := openSealed(sessionKey, encryptedData, iv)
	if err != nil {
		return Group{}, err
	}
	var g struct {
		OpenGID     string `json:"opengid"` // openGId in older calls; names are matched without case
		GroupOpenID string `json:"group_openid"`
		ChatType    int    `json:"chat_type"`
		Watermark   struct {
			AppID     string `json:"appid"`
			Timestamp int64  `json:"timestamp"`
		} `json:"watermark"`
	}
	if json.Unmarshal(plain, &g) != nil || g.Watermark.AppID != c.cfg.AppID || g.OpenGID == "" {
		return Group{}, &Error{Code: SessionStale}
	}
	return Group{OpenGID: g.OpenGID, GroupOpenID: g.GroupOpenID, ChatType: g.ChatType, At: time.Unix(g.Watermark.Timestamp, 0).UTC()}, nil
}

func decryptCBC(key, iv, data []byte) ([]byte, bool) {
	if len(key) != 16 || len(iv) != aes.BlockSize || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, false
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, false
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	n := int(plain[len(plain)-1])
	if n < 1 || n > aes.BlockSize || !bytes.HasSuffix(plain, bytes.Repeat([]byte{byte(n)}, n)) {
		return nil, false
	}
	return plain[:len(plain)-n], true
}
