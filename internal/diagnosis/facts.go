package diagnosis

// Fact is something that we know, as a code that stays the same for ever.
type Fact string

// The facts.
const (
	FactCard            Fact = "card"
	FactPayPal          Fact = "paypal_account"
	FactCardTried       Fact = "card_tried"
	FactRuleRefused     Fact = "rule_refused"
	FactPolicyRefuses   Fact = "policy_refuses_now"
	FactStands          Fact = "stands_against_it"
	FactMethodState     Fact = "method_state"
	FactHoldAsked       Fact = "hold_asked"
	FactPaymentAsked    Fact = "payment_asked"
	FactRefused         Fact = "refused"
	FactDemanded        Fact = "three_ds_demanded"
	FactChallenge       Fact = "challenge_opened"
	FactChallengeLeft   Fact = "challenge_left"
	FactThreeDSResult   Fact = "three_ds_result"
	FactThreeDSMissing  Fact = "three_ds_not_run"
	FactKeptForYou      Fact = "kept_as_balance"
	FactAnswerLost      Fact = "answer_lost"
	FactAskedAgain      Fact = "asked_again"
	FactUnheard         Fact = "never_reached_provider"
	FactRefusedBefore   Fact = "refused_before"
	FactNeverChallenged Fact = "never_challenged"
	FactWaitAsked       Fact = "issuer_asks_to_wait"
	FactNextAttempt     Fact = "next_attempt"
	FactDebt            Fact = "debt"
	FactAgreementAsked  Fact = "agreement_asked"
	FactCameBack        Fact = "payer_came_back"
	FactNeverBack       Fact = "payer_never_came_back"
	FactAgreed          Fact = "agreement_given"
	FactNotAgreed       Fact = "agreement_not_given"
	FactIdentityCheck   Fact = "identity_check"

	// Staff's alone.
	FactHolder        Fact = "held_by"
	FactTries         Fact = "bind_tries"
	FactCallerNetwork Fact = "caller_network"
	FactExchange      Fact = "provider_exchange"
	FactProviderWords Fact = "provider_words"
	FactRiskSaid      Fact = "risk_said"
)

var factTexts = map[Fact]row{
	FactCard:            {"Card: {brand}, ending in {last4}, {funding}, issued in {country}.", "銀行卡：{brand}，尾號 {last4}，{funding}，發行地 {country}。", "银行卡：{brand}，尾号 {last4}，{funding}，发行地 {country}。", "カード：{brand}、末尾 {last4}、{funding}、発行国 {country}。"},
	FactPayPal:          {"PayPal account {email}, registered in {country}.", "PayPal 帳戶 {email}，註冊地 {country}。", "PayPal 账户 {email}，注册地 {country}。", "PayPal アカウント {email}、登録国 {country}。"},
	FactCardTried:       {"It was tried to bind a card: {brand}, ending in {last4}.", "嘗試綁定銀行卡：{brand}，尾號 {last4}。", "尝试绑定银行卡：{brand}，尾号 {last4}。", "カードの登録を試しました：{brand}、末尾 {last4}。"},
	FactRuleRefused:     {"A rule refused it before any money was asked for.", "在發起任何扣款前已被規則拒絕。", "在发起任何扣款前已被规则拒绝。", "お金を求める前に規則により断られました。"},
	FactPolicyRefuses:   {"Today's rules do not accept this payment method.", "目前的規則不接受此支付方式。", "目前的规则不接受此支付方式。", "現在の規則ではこの支払い方法を受け付けません。"},
	FactStands:          {"It cannot be charged now.", "目前無法扣款。", "目前无法扣款。", "今は請求できません。"},
	FactMethodState:     {"The payment method is not active.", "此支付方式並非有效狀態。", "此支付方式并非有效状态。", "支払い方法は有効ではありません。"},
	FactHoldAsked:       {"A hold of {amount} was asked for, to be released at once.", "發起了 {amount} 的預授權，驗證後立即解除。", "发起了 {amount} 的预授权，验证后立即解除。", "{amount} の仮押さえを求めました（すぐに解放されます）。"},
	FactPaymentAsked:    {"{amount} was asked for; attempt {attempt}.", "發起了 {amount} 的扣款，第 {attempt} 次。", "发起了 {amount} 的扣款，第 {attempt} 次。", "{amount} を請求しました（{attempt} 回目）。"},
	FactRefused:         {"The bank or PayPal said no.", "銀行或 PayPal 未批准。", "银行或 PayPal 未批准。", "銀行または PayPal が承認しませんでした。"},
	FactDemanded:        {"3-D Secure was demanded.", "要求完成 3D 驗證。", "要求完成 3D 验证。", "3D セキュアが必須でした。"},
	FactChallenge:       {"The payer was asked to confirm, until {until}.", "要求付款人完成驗證，期限 {until}。", "要求付款人完成验证，期限 {until}。", "支払者に本人確認を求めました（期限 {until}）。"},
	FactChallengeLeft:   {"Nobody finished it in its time.", "未在期限內完成驗證。", "未在期限内完成验证。", "期限までに完了しませんでした。"},
	FactThreeDSResult:   {"3-D Secure ended as: {result}.", "3D 驗證結果：{result}。", "3D 验证结果：{result}。", "3D セキュアの結果：{result}。"},
	FactThreeDSMissing:  {"The issuer approved without 3-D Secure, which was not accepted.", "發卡行未經 3D 驗證即批准，未被接受。", "发卡行未经 3D 验证即批准，未被接受。", "3D セキュアなしで承認されたため、受け付けられませんでした。"},
	FactKeptForYou:      {"{amount} that was taken is the customer's balance, or is given back.", "已扣的 {amount} 轉入客戶餘額或退回。", "已扣的 {amount} 转入客户余额或退回。", "引き落とされた {amount} は残高になるか、返金されます。"},
	FactAnswerLost:      {"The provider's answer was lost.", "未收到支付服務商的回應。", "未收到支付服务商的回应。", "決済事業者の回答が失われました。"},
	FactAskedAgain:      {"It was asked {times} times since how it ended.", "此後已查詢結果 {times} 次。", "此后已查询结果 {times} 次。", "その後、結果を {times} 回照会しました。"},
	FactUnheard:         {"It did not get through to the provider, or was not taken there.", "請求未送達支付服務商，或未被受理。", "请求未送达支付服务商，或未被受理。", "決済事業者に届かなかったか、受け付けられませんでした。"},
	FactRefusedBefore:   {"{count} payments with it were refused before, the last one then.", "此前已有 {count} 筆付款被拒，最近一次在當時。", "此前已有 {count} 笔付款被拒，最近一次在当时。", "以前に {count} 件の支払いが承認されませんでした（最後はこの時）。"},
	FactNeverChallenged: {"None of them came with a 3-D Secure challenge.", "均未觸發 3D 驗證。", "均未触发 3D 验证。", "いずれも 3D セキュアの確認はありませんでした。"},
	FactWaitAsked:       {"The issuer asks to wait until {until}.", "發卡行要求等到 {until} 之後再試。", "发卡行要求等到 {until} 之后再试。", "カード会社は {until} まで待つよう求めています。"},
	FactNextAttempt:     {"It is tried again by itself at {at}.", "系統將於 {at} 自動重試。", "系统将于 {at} 自动重试。", "{at} に自動で再試行します。"},
	FactDebt:            {"{amount} was to be collected, {open} is open.", "應收 {amount}，未結 {open}。", "应收 {amount}，未结 {open}。", "請求額 {amount}、未払い {open}。"},
	FactAgreementAsked:  {"The payer was asked for their agreement on PayPal's page, until {until}.", "請付款人在 PayPal 頁面確認代付協議，期限 {until}。", "请付款人在 PayPal 页面确认代付协议，期限 {until}。", "PayPal の画面で支払者の同意を求めました（期限 {until}）。"},
	FactCameBack:        {"The payer came back from PayPal's page.", "付款人已從 PayPal 頁面返回。", "付款人已从 PayPal 页面返回。", "支払者が PayPal の画面から戻りました。"},
	FactNeverBack:       {"The payer never came back from PayPal's page.", "付款人未從 PayPal 頁面返回。", "付款人未从 PayPal 页面返回。", "支払者は PayPal の画面から戻りませんでした。"},
	FactAgreed:          {"The payer agreed at PayPal.", "付款人已在 PayPal 同意。", "付款人已在 PayPal 同意。", "支払者は PayPal で同意しました。"},
	FactNotAgreed:       {"PayPal shows no agreement.", "PayPal 顯示協議未通過。", "PayPal 显示协议未通过。", "PayPal に同意が記録されていません。"},
	FactIdentityCheck:   {"An identity check was opened for it.", "已為此開立身分識別驗證。", "已为此开立身份识别验证。", "本人確認の手続きが開かれました。"},

	FactHolder:        {"Account {account} ({state}) holds it as {method}.", "帳號 {account}（{state}）持有，編號 {method}。", "账号 {account}（{state}）持有，编号 {method}。", "アカウント {account}（{state}）が {method} として登録しています。"},
	FactTries:         {"The account tried {tries} times, with {cards} different instruments.", "此帳號嘗試了 {tries} 次，共 {cards} 種支付方式。", "此账号尝试了 {tries} 次，共 {cards} 种支付方式。", "このアカウントは {cards} 種類の支払い方法で {tries} 回試しました。"},
	FactCallerNetwork: {"It came from the network {network}.", "來源網路 {network}。", "来源网络 {network}。", "送信元のネットワークは {network} です。"},
	FactExchange:      {"At {provider} it is {ref}; request {request}.", "在 {provider} 的編號為 {ref}，請求 {request}。", "在 {provider} 的编号为 {ref}，请求 {request}。", "{provider} での番号は {ref}、要求は {request} です。"},
	FactProviderWords: {"In the provider's words: {code}; network code {network}; advice {advice}.", "支付服務商給出的原因：{code}；網路代碼 {network}；建議 {advice}。", "支付服务商给出的原因：{code}；网络代码 {network}；建议 {advice}。", "決済事業者の示した理由：{code}、ネットワークコード {network}、助言 {advice}。"},
	FactRiskSaid:      {"Risk said {verdict}, by the rule {rule}.", "風險判定為 {verdict}，規則 {rule}。", "风险判定为 {verdict}，规则 {rule}。", "リスク判定は {verdict}、規則は {rule} です。"},
}
