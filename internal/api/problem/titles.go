package problem

import (
	"net/http"
	"strings"

	"golang.org/x/text/language"
)

// languages are those that the product speaks, in the order of the columns below.
// The first is for everybody else.
var languages = language.NewMatcher([]language.Tag{
	language.English, language.MustParse("zh-Hant"), language.MustParse("zh-Hans"), language.Japanese,
})

// titles says each status in each language.
var titles = map[int][4]string{
	http.StatusBadRequest:            {"The request cannot be read", "無法讀取請求", "无法读取请求", "リクエストを読み取れません"},
	http.StatusUnauthorized:          {"Who is asking is not known", "未通過身分驗證", "未通过身份验证", "認証されていません"},
	http.StatusForbidden:             {"Not allowed", "沒有權限", "没有权限", "権限がありません"},
	http.StatusNotFound:              {"Not found", "找不到", "找不到", "見つかりません"},
	http.StatusMethodNotAllowed:      {"Method not allowed", "不支援此方法", "不支持此方法", "このメソッドは使えません"},
	http.StatusRequestTimeout:        {"The request came too slowly", "請求傳送逾時", "请求发送超时", "リクエストの受信が時間切れです"},
	http.StatusConflict:              {"Not possible in the present state", "與目前狀態衝突", "与当前状态冲突", "現在の状態では実行できません"},
	http.StatusRequestEntityTooLarge: {"Too large", "內容過大", "内容过大", "サイズが大きすぎます"},
	http.StatusUnsupportedMediaType:  {"Type of content not supported", "不支援的內容類型", "不支持的内容类型", "対応していない形式です"},
	http.StatusUnprocessableEntity:   {"The request is not valid", "請求內容無效", "请求内容无效", "リクエストの内容が無効です"},
	http.StatusTooManyRequests:       {"Too often", "過於頻繁", "过于频繁", "回数が多すぎます"},
	http.StatusInternalServerError:   {"Something went wrong on our side", "系統發生錯誤", "系统发生错误", "システムエラーが発生しました"},
	http.StatusServiceUnavailable:    {"Not available right now", "暫時無法使用", "暂时无法使用", "一時的に利用できません"},
}

// acceptLanguageMax bounds what is read of the header.
const acceptLanguageMax = 200

// languageDefault is the column of those who ask for no language that we speak.
const languageDefault = 0

// spokenLanguage returns the column of the language that a header Accept-Language
// asks for.
func spokenLanguage(acceptLanguage string) int {
	if acceptLanguage == "" || len(acceptLanguage) > acceptLanguageMax {
		return languageDefault
	}
	_, column := language.MatchStrings(languages, strings.ToLower(acceptLanguage))
	return column
}

// titleOf is the title of a code, or else of its status.
func titleOf(code string, status, spoken int) string {
	if t, ok := texts[code]; ok {
		return t.title[spoken]
	}
	if row, ok := titles[status]; ok {
		return row[spoken]
	}
	return http.StatusText(status)
}

// nextOf is the next step after a code; english is what the fault itself says.
func nextOf(code, english string, spoken int) string {
	if t, ok := texts[code]; ok && english != "" && spoken != languageDefault {
		return t.next[spoken]
	}
	return english
}
