package diagnosis

// Step is something that can be done, as a code that stays the same for ever.
type Step string

// What customers can do.
const (
	UseAnother         Step = "use_another_method"
	UseOffered         Step = "use_an_offered_method"
	UseOtherPayPal     Step = "use_another_paypal_account"
	UseRenewed         Step = "bind_the_renewed_card"
	UnbindThere        Step = "unbind_from_the_other_account"
	AskIssuer          Step = "ask_the_issuer"
	AskPayPal          Step = "ask_paypal"
	EnsureFunds        Step = "ensure_funds"
	AddFunding         Step = "add_funding_at_paypal"
	EnterAgain         Step = "enter_again"
	RetryAndConfirm    Step = "retry_and_confirm"
	RetryAtPayPal      Step = "retry_at_paypal"
	FinishChallenge    Step = "finish_the_challenge"
	OtherBrowser       Step = "use_another_browser"
	BeginAgain         Step = "begin_again_at_paypal"
	AddMethod          Step = "add_a_method"
	FinishVerification Step = "finish_verification"
	VerifyIdentity     Step = "verify_identity"
	SendAgain          Step = "send_documents_again"
	WaitReview         Step = "wait_for_the_review"
	TryLater           Step = "try_later"
	Wait               Step = "wait_for_the_answer"
	PayOverdue         Step = "pay_what_is_overdue"
	PayByHand          Step = "pay_by_hand"
	PlaceAgain         Step = "place_the_order_again"
	Reopen             Step = "reopen_the_account"
	ContactSupport     Step = "contact_support"
)

// What staff can do.
const (
	LookAtPolicy     Step = "look_at_the_policy"
	LookAtHolder     Step = "look_at_the_holder"
	LookAtTries      Step = "look_at_the_tries"
	LookAtRule       Step = "look_at_the_rule"
	LookAtAccount    Step = "look_at_the_account"
	ReviewCase       Step = "review_the_case"
	SendLink         Step = "send_a_challenge_link"
	AskForAnother    Step = "ask_for_another_method"
	AskAtProvider    Step = "ask_at_the_provider"
	CheckProvider    Step = "check_the_provider"
	LeaveIt          Step = "leave_it_to_the_watch"
	CollectOtherwise Step = "collect_in_another_way"
	DoNotRetry       Step = "do_not_retry"
	DoNotTell        Step = "do_not_tell_the_reason"
)

var stepTexts = map[Step]row{
	UseAnother:      {"use another payment method", "請使用其他支付方式", "请使用其他支付方式", "別の支払い方法をお使いください"},
	UseOffered:      {"use a payment method that is offered for this account: a credit or debit card open to online and international payments", "請使用此帳號可用的支付方式：已開通線上支付和國際交易的信用卡或借記卡", "请使用此账号可用的支付方式：已开通线上支付和国际交易的信用卡或借记卡", "このアカウントで使える支払い方法（オンライン決済と海外利用に対応したクレジットカードまたはデビットカード）をお使いください"},
	UseOtherPayPal:  {"use a PayPal account that was registered in another country", "請使用在其他國家或地區註冊的 PayPal 帳戶", "请使用在其他国家或地区注册的 PayPal 账户", "別の国・地域で登録された PayPal アカウントをお使いください"},
	UseRenewed:      {"add the card again with its new expiry, or a card that is valid", "請以新的有效期重新綁定此卡，或綁定有效的卡", "请以新的有效期重新绑定此卡，或绑定有效的卡", "新しい有効期限でカードを登録し直すか、有効なカードを登録してください"},
	UnbindThere:     {"unbind it from the other account first; if that account was closed, wait until its silent period is over", "請先從原帳號解除綁定；若該帳號已註銷，請等靜默期結束", "请先从原账号解除绑定；若该账号已注销，请等静默期结束", "先に元のアカウントで解除してください。閉鎖済みなら待機期間の終わりをお待ちください"},
	AskIssuer:       {"ask the bank that issued the card whether it is open to online and international payments, whether 3-D Secure is switched on, and whether it stopped this payment", "請聯絡發卡行，確認此卡是否支援國際和線上交易、3D 驗證是否已啟用、是否被銀行攔截", "请联系发卡行，确认此卡是否支持国际和线上交易、3D 验证是否已启用、是否被银行拦截", "カード会社に、海外・オンライン利用と 3D セキュアが有効か、この支払いを止めていないかをご確認ください"},
	AskPayPal:       {"ask PayPal's customer service", "請諮詢 PayPal 客服", "请咨询 PayPal 客服", "PayPal のカスタマーサービスにお問い合わせください"},
	EnsureFunds:     {"make sure that balance or credit limit cover the amount, then try again", "請確認餘額或信用額度充足後重試", "请确认余额或信用额度充足后重试", "残高または利用枠が足りることを確認してから、もう一度お試しください"},
	AddFunding:      {"add a bank account, a card or balance to the PayPal account, then try again", "請在 PayPal 帳戶新增銀行帳戶、銀行卡或餘額後重試", "请在 PayPal 账户添加银行账户、银行卡或余额后重试", "PayPal アカウントに銀行口座、カード、または残高を追加してから、もう一度お試しください"},
	EnterAgain:      {"enter the payment method again", "請重新填寫支付方式", "请重新填写支付方式", "支払い方法を入力し直してください"},
	RetryAndConfirm: {"try again, confirm on the bank's page, and keep the first page open; let the browser open windows", "請重試並在銀行頁面完成驗證，期間切勿關閉原始頁面，並允許彈出視窗", "请重试并在银行页面完成验证，期间切勿关闭原始页面，并允许弹出窗口", "もう一度試し、銀行の画面で本人確認を行ってください。元のページは閉じず、ポップアップを許可してください"},
	RetryAtPayPal:   {"try again and agree on PayPal's page", "請重試並在 PayPal 頁面同意付款", "请重试并在 PayPal 页面同意付款", "もう一度試し、PayPal の画面で同意してください"},
	FinishChallenge: {"finish on the page of the bank or of PayPal; the link is also in the message centre and in the mail", "請在銀行或 PayPal 的頁面完成驗證，連結也在站內信和郵件中", "请在银行或 PayPal 的页面完成验证，链接也在站内信和邮件中", "銀行または PayPal の画面で手続きを終えてください。リンクはお知らせとメールにもあります"},
	OtherBrowser:    {"use a private window, clear the cache, switch extensions off, or use another device", "請使用無痕模式、清除快取、停用外掛程式，或更換裝置重試", "请使用无痕模式、清除缓存、停用插件，或更换设备重试", "シークレットウィンドウを使う、キャッシュを消す、拡張機能を切る、または別の端末でお試しください"},
	BeginAgain:      {"begin again and agree on PayPal's page", "請重新開始，並在 PayPal 頁面確認代付協議", "请重新开始，并在 PayPal 页面确认代付协议", "やり直して、PayPal の画面で同意してください"},
	AddMethod:       {"add a payment method", "請綁定支付方式", "请绑定支付方式", "支払い方法を登録してください"},

	FinishVerification: {"finish the payment method's verification; one that is not verified cannot pay", "請完成支付方式的驗證，未通過驗證前無法付款", "请完成支付方式的验证，未通过验证前无法付款", "支払い方法の確認を終えてください。確認前は支払いに使えません"},
	VerifyIdentity:     {"send the documents that are asked for, with the identity with which the account was registered", "請使用註冊帳號時的身分資訊，提交所需的身分與支付方式證明材料", "请使用注册账号时的身份信息，提交所需的身份与支付方式证明材料", "登録時のご本人情報で、求められた書類を提出してください"},
	SendAgain:          {"send clear, valid documents that match the account again", "請核對資訊一致性，並重新上傳清晰、有效的證明材料", "请核对信息一致性，并重新上传清晰、有效的证明材料", "登録情報と一致する、鮮明で有効な書類をもう一度提出してください"},
	WaitReview:         {"wait for the review; you are told when it is done", "請等待審核，完成後會通知您", "请等待审核，完成后会通知您", "審査をお待ちください。終わり次第お知らせします"},
	TryLater:           {"try again later", "請稍後重試", "请稍后重试", "後ほどもう一度お試しください"},
	Wait:               {"wait for the answer and do not pay again; this resolves by itself", "請等待結果，不要重複付款，系統會自動處理", "请等待结果，不要重复付款，系统会自动处理", "回答をお待ちください。もう一度支払わないでください。自動で解決します"},
	PayOverdue:         {"pay what is overdue first", "請先付清逾期款項", "请先付清逾期款项", "先に遅れている分をお支払いください"},
	PayByHand:          {"pay it now by hand", "請手動付款", "请手动付款", "手動でお支払いください"},
	PlaceAgain:         {"place the order again", "請重新下單", "请重新下单", "もう一度ご注文ください"},
	Reopen:             {"reopen the account, or open another one", "請恢復此帳號，或開立其他帳號", "请恢复此账号，或开立其他账号", "アカウントを再開するか、別のアカウントを開いてください"},
	ContactSupport:     {"contact support", "請聯絡客服", "请联系客服", "サポートにお問い合わせください"},

	LookAtPolicy:     {"look up the rule in the policy that was in force then", "查看當時生效的政策規則", "查看当时生效的政策规则", "当時有効だったポリシーの規則を確認する"},
	LookAtHolder:     {"look at the account that holds it; never tell the customer whose it is", "查看持有此支付方式的帳號；切勿告知客戶屬於誰", "查看持有此支付方式的账号；切勿告知客户属于谁", "登録しているアカウントを確認する。誰のものかは決して顧客に伝えない"},
	LookAtTries:      {"look at the tries for signs of card testing before anything is loosened", "放寬限制前，先查看嘗試紀錄是否有盜刷測試跡象", "放宽限制前，先查看尝试记录是否有盗刷测试迹象", "制限を緩める前に、カードの不正テストの兆候がないか試行を確認する"},
	LookAtRule:       {"look at the rule of risk that fired, and at its inputs", "查看觸發的風險規則及其輸入", "查看触发的风险规则及其输入", "発動したリスク規則とその入力を確認する"},
	LookAtAccount:    {"look at the account's state and what it owes", "查看帳號狀態與欠款", "查看账号状态与欠款", "アカウントの状態と未払いを確認する"},
	ReviewCase:       {"decide on the documents that wait for review", "審核待處理的證明材料", "审核待处理的证明材料", "審査待ちの書類を判断する"},
	SendLink:         {"send the payer a link with which they complete the challenge", "向付款人發送完成驗證的連結", "向付款人发送完成验证的链接", "本人確認を終えるためのリンクを支払者に送る"},
	AskForAnother:    {"ask the customer for another payment method", "請客戶提供其他支付方式", "请客户提供其他支付方式", "別の支払い方法を顧客に依頼する"},
	AskAtProvider:    {"look it up at the provider by the reference and request id given here", "依此處的參考編號與請求編號在支付服務商查詢", "依此处的参考编号与请求编号在支付服务商查询", "ここにある参照番号と要求番号で決済事業者に照会する"},
	CheckProvider:    {"check whether the provider is up and takes our key", "檢查支付服務商是否正常、密鑰是否有效", "检查支付服务商是否正常、密钥是否有效", "決済事業者が稼働し、鍵が有効かを確認する"},
	LeaveIt:          {"leave it alone: it is asked for or tried again by itself; never charge it in another way meanwhile", "無需處理：系統會自動查詢或重試；期間切勿以其他方式扣款", "无需处理：系统会自动查询或重试；期间切勿以其他方式扣款", "そのままにする。自動で照会または再試行される。その間に別の方法で請求しない"},
	CollectOtherwise: {"have the customer pay it in another way", "請客戶以其他方式付款", "请客户以其他方式付款", "別の方法での支払いを顧客に依頼する"},
	DoNotRetry:       {"do not try it again: the issuer will not approve, and the schemes fine each try", "不要再試：發卡行不會批准，卡組織會對每次嘗試罰款", "不要再试：发卡行不会批准，卡组织会对每次尝试罚款", "再試行しない。承認されることはなく、試行ごとにブランドから罰金が科される"},
	DoNotTell:        {"do not tell the customer the issuer's word for it", "切勿將發卡行給出的原因告知客戶", "切勿将发卡行给出的原因告知客户", "カード会社の示した理由を顧客に伝えない"},
}
