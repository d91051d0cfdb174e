package problem

// text is what a code means to a payer and what they can do, in the order of
// languages. In English a fault says the next step itself, in the same words.
type text struct {
	title, next [4]string
}

// texts are those of the codes that platforms pass on to their customers: why a
// payment method is not offered, bound or given up, and why an account stays.
var texts = map[string]text{
	// Binding.
	"method_not_available": {
		[4]string{"Not offered for this account", "此帳號不能使用此支付方式", "此账号不能使用此支付方式", "このアカウントでは使えない支払い方法です"},
		[4]string{"choose one of the payment methods that are offered for this account", "請使用此帳號可用的支付方式", "请使用此账号可用的支付方式", "このアカウントで使える支払い方法をお選びください"},
	},
	"brand_unsupported": {
		[4]string{"Brand of card not accepted", "不支援此卡組織的卡", "不支持此卡组织的卡", "このブランドのカードは使えません"},
		[4]string{"use a card of a brand that is offered for this account", "請使用此帳號可用的卡組織的卡", "请使用此账号可用的卡组织的卡", "このアカウントで使えるブランドのカードをお使いください"},
	},
	"card_prepaid": {
		[4]string{"Prepaid, virtual or gift card", "此卡為預付卡、虛擬卡或禮品卡", "此卡为预付卡、虚拟卡或礼品卡", "プリペイド、バーチャル、またはギフトカードです"},
		[4]string{"use a credit or debit card that was issued by a bank and is open to online and international payments", "請使用已開通線上支付和國際交易功能的信用卡或借記卡", "请使用已开通线上支付和国际交易功能的信用卡或借记卡", "オンライン決済と海外利用ができるクレジットカードかデビットカードをお使いください"},
	},
	"funding_blocked": {
		[4]string{"Kind of card not accepted", "不支援此類型的卡", "不支持此类型的卡", "この種類のカードは使えません"},
		[4]string{"use a card of another kind, credit or debit", "請使用其他類型的卡（信用卡或借記卡）", "请使用其他类型的卡（信用卡或借记卡）", "別の種類（クレジットまたはデビット）のカードをお使いください"},
	},
	"issuer_country_blocked": {
		[4]string{"Country of the card not accepted", "不支援在此國家或地區發行的卡", "不支持在此国家或地区发行的卡", "カードの発行国・地域が対象外です"},
		[4]string{"use a card that was issued in another country", "請使用在其他國家或地區發行的卡", "请使用在其他国家或地区发行的卡", "別の国・地域で発行されたカードをお使いください"},
	},
	"payer_country_blocked": {
		[4]string{"Country of the PayPal account not accepted", "不支援在此國家或地區註冊的 PayPal 帳戶", "不支持在此国家或地区注册的 PayPal 账户", "PayPal アカウントの登録国・地域が対象外です"},
		[4]string{"use a PayPal account that was registered in another country, or a card", "請使用在其他國家或地區註冊的 PayPal 帳戶，或使用銀行卡", "请使用在其他国家或地区注册的 PayPal 账户，或使用银行卡", "別の国・地域で登録された PayPal アカウントか、カードをお使いください"},
	},
	"wallet_refused": {
		[4]string{"Wallet not accepted", "不支援此電子錢包", "不支持此电子钱包", "このウォレットは使えません"},
		[4]string{"use a card, or PayPal where it is offered", "請使用銀行卡，或在提供 PayPal 時使用 PayPal", "请使用银行卡，或在提供 PayPal 时使用 PayPal", "カード、または利用できる場合は PayPal をお使いください"},
	},
	"bank_transfer_not_open": {
		[4]string{"Bank transfer is not open to this account", "此帳號未開通銀行轉帳", "此账号未开通银行转账", "このアカウントでは銀行振込を使えません"},
		[4]string{"ask the account manager to open it", "如需使用請聯絡您的客戶經理", "如需使用请联系您的客户经理", "担当者に開設をご依頼ください"},
	},
	"binding_stopped": {
		[4]string{"No payment methods can be added now", "目前無法綁定支付方式", "目前无法绑定支付方式", "現在、支払い方法を登録できません"},
		[4]string{"try again later; methods that were added before go on working", "請稍後再試，已綁定的支付方式不受影響", "请稍后再试，已绑定的支付方式不受影响", "後ほどお試しください。登録済みのものはそのまま使えます"},
	},
	"too_many_tries": {
		[4]string{"Tried too often", "嘗試綁定的次數過多", "尝试绑定的次数过多", "登録を試した回数が多すぎます"},
		[4]string{"try again later", "請稍後再試", "请稍后再试", "後ほどお試しください"},
	},
	"already_bound": {
		[4]string{"Bound to another account", "已綁定至其他帳號", "已绑定至其他账号", "別のアカウントに登録されています"},
		[4]string{"unbind it from the other account first, or use another one; an account that was closed keeps its methods until its silent period is over", "請先從原帳號解除綁定，或使用其他支付方式；已註銷的帳號在靜默期結束前仍保留其支付方式", "请先从原账号解除绑定，或使用其他支付方式；已注销的账号在静默期结束前仍保留其支付方式", "先にそちらで解除するか、別のものをお使いください。閉鎖したアカウントも、待機期間が終わるまで支払い方法を保持します"},
	},
	"consent_missing": {
		[4]string{"Consent is missing", "尚未同意日後扣款", "尚未同意日后扣款", "後日の請求への同意がありません"},
		[4]string{"show the text, and send its version as consent", "請顯示條款，並以 consent 送出其版本", "请显示条款，并以 consent 提交其版本", "文面を表示し、その版を consent で送ってください"},
	},
	"agreement_not_approved": {
		[4]string{"Not agreed to at PayPal", "未在 PayPal 同意授權", "未在 PayPal 同意授权", "PayPal で同意されていません"},
		[4]string{"begin again and choose to agree on PayPal's page, or use a card", "請重新開始並在 PayPal 頁面選擇同意，或使用銀行卡", "请重新开始并在 PayPal 页面选择同意，或使用银行卡", "やり直して PayPal の画面で同意するか、カードをお使いください"},
	},
	"agreement_lapsed": {
		[4]string{"Nobody decided in time", "未在時限內作出決定", "未在时限内作出决定", "期限までに決定されませんでした"},
		[4]string{"begin again, or use a card", "請重新開始，或使用銀行卡", "请重新开始，或使用银行卡", "やり直すか、カードをお使いください"},
	},
	"provider_unavailable": {
		[4]string{"The payment provider could not be reached", "無法連線到支付服務商", "无法连接到支付服务商", "決済事業者に接続できませんでした"},
		[4]string{"begin again later; nothing was bound", "請稍後重新開始，沒有綁定任何支付方式", "请稍后重新开始，没有绑定任何支付方式", "後ほどやり直してください。登録はされていません"},
	},
	"provider_unplugged": {
		[4]string{"The provider is not configured", "未設定此支付服務商", "未配置此支付服务商", "決済事業者が設定されていません"},
		[4]string{"configure the provider again, or use another payment method", "請重新設定支付服務商，或使用其他支付方式", "请重新配置支付服务商，或使用其他支付方式", "決済事業者を設定し直すか、別の支払い方法をお使いください"},
	},

	// What a payer's bank or PayPal said no to.
	"insufficient_funds": {
		[4]string{"Not enough money", "餘額或可用額度不足", "余额或可用额度不足", "残高または利用枠が足りません"},
		[4]string{"make sure that there is a source with enough money, or use another payment method", "請確認有餘額充足的付款來源，或使用其他支付方式", "请确认有余额充足的付款来源，或使用其他支付方式", "十分な残高のある支払元を用意するか、別の支払い方法をお使いください"},
	},
	"issuer_block": {
		[4]string{"Refused by the bank or by PayPal", "銀行或 PayPal 拒絕", "银行或 PayPal 拒绝", "銀行または PayPal が承認しませんでした"},
		[4]string{
			"make sure that the card is open to online and international payments, or that the PayPal account has a bank account, card or balance to pay from; or use another payment method",
			"請確認此卡已開通線上支付和國際交易，或 PayPal 帳戶有可用的銀行帳戶、銀行卡或餘額；也可使用其他支付方式",
			"请确认此卡已开通线上支付和国际交易，或 PayPal 账户有可用的银行账户、银行卡或余额；也可使用其他支付方式",
			"カードがオンライン決済と海外利用に対応しているか、PayPal アカウントに使える銀行口座・カード・残高があるかを確認するか、別の支払い方法をお使いください",
		},
	},
	"authentication": {
		[4]string{"The payer was not confirmed", "付款人驗證未通過", "付款人验证未通过", "本人確認ができませんでした"},
		[4]string{"try again and confirm on the page of the bank or of PayPal", "請重試，並在銀行或 PayPal 的頁面完成確認", "请重试，并在银行或 PayPal 的页面完成确认", "もう一度試し、銀行または PayPal の画面で確認してください"},
	},
	"data": {
		[4]string{"The details are wrong", "資訊有誤", "信息有误", "入力内容が違います"},
		[4]string{"enter the payment method again", "請重新填寫支付方式", "请重新填写支付方式", "支払い方法を入力し直してください"},
	},
	"unsupported": {
		[4]string{"Cannot be used for this kind of payment", "不能用於此類支付", "不能用于此类支付", "この種類の支払いには使えません"},
		[4]string{"use another payment method", "請使用其他支付方式", "请使用其他支付方式", "別の支払い方法をお使いください"},
	},
	"final": {
		[4]string{"Refused for good", "已被拒絕，無法再試", "已被拒绝，无法再试", "今後も承認されません"},
		[4]string{"use another payment method", "請使用其他支付方式", "请使用其他支付方式", "別の支払い方法をお使いください"},
	},
	"try_later": {
		[4]string{"No answer from the bank or from PayPal", "銀行或 PayPal 暫時無法回應", "银行或 PayPal 暂时无法回应", "銀行または PayPal が回答できませんでした"},
		[4]string{"try again in some minutes, or use another payment method", "請幾分鐘後再試，或使用其他支付方式", "请几分钟后再试，或使用其他支付方式", "数分後に試すか、別の支払い方法をお使いください"},
	},

	// What ended a payment method, or kept it from being bound.
	"challenge_expired": {
		[4]string{"The time to confirm ran out", "確認的時間已過", "确认的时间已过", "本人確認の期限が過ぎました"},
		[4]string{"add it again and confirm on the bank's page", "請重新綁定，並在銀行頁面完成確認", "请重新绑定，并在银行页面完成确认", "もう一度登録し、銀行の画面で確認してください"},
	},
	"three_ds_missing": {
		[4]string{"3-D Secure is needed and was not run", "必須完成 3D 驗證，而此卡沒有完成", "必须完成 3D 验证，而此卡没有完成", "必要な 3D セキュアの確認が行われませんでした"},
		[4]string{"ask the bank to switch 3-D Secure on for the card, or use another card", "請向發卡行開通 3D 驗證，或使用其他卡", "请向发卡行开通 3D 验证，或使用其他卡", "カード会社で 3D セキュアを有効にするか、別のカードをお使いください"},
	},
	"hold_cancelled": {
		[4]string{"The hold was cancelled before it was approved", "預授權在同意前已取消", "预授权在同意前已取消", "承認される前に仮押さえが取り消されました"},
		[4]string{"add it again", "請重新綁定", "请重新绑定", "もう一度登録してください"},
	},
	"card_lapsed": {
		[4]string{"The card has expired", "此卡已到期", "此卡已到期", "カードの有効期限が切れました"},
		[4]string{"add a card that is valid", "請綁定有效的卡", "请绑定有效的卡", "有効なカードを登録してください"},
	},
	"policy_withdrew": {
		[4]string{"No longer offered for this account", "此帳號不再能使用此支付方式", "此账号不再能使用此支付方式", "このアカウントでは使えなくなりました"},
		[4]string{"use one of the payment methods that are offered for this account", "請使用此帳號可用的支付方式", "请使用此账号可用的支付方式", "このアカウントで使える支払い方法をお使いください"},
	},
	"consent_revoked": {
		[4]string{"The agreement was cancelled at PayPal", "已在 PayPal 取消授權", "已在 PayPal 取消授权", "PayPal で同意が取り消されました"},
		[4]string{"add the PayPal account again, or use another payment method", "請重新綁定 PayPal 帳戶，或使用其他支付方式", "请重新绑定 PayPal 账户，或使用其他支付方式", "PayPal アカウントをもう一度登録するか、別の支払い方法をお使いください"},
	},

	// Giving a payment method up, and closing an account.
	"method_in_flight": {
		[4]string{"Something is still under way on it", "此支付方式尚有處理中的事項", "此支付方式尚有处理中的事项", "この支払い方法で処理中のものがあります"},
		[4]string{"try again when its open payment, hold, refund or dispute is over", "請待進行中的扣款、預授權、退款或爭議結束後再試", "请待进行中的扣款、预授权、退款或争议结束后再试", "進行中の支払い、仮押さえ、返金、異議申し立てが終わってからお試しください"},
	},
	"method_preferred": {
		[4]string{"It is the preferred one", "此為首選支付方式", "此为首选支付方式", "優先の支払い方法です"},
		[4]string{"make another payment method preferred first", "請先將其他支付方式設為首選", "请先将其他支付方式设为首选", "先に別の支払い方法を優先にしてください"},
	},
	"method_not_active": {
		[4]string{"It is not active", "此支付方式並非有效狀態", "此支付方式并非有效状态", "有効ではありません"},
		[4]string{"finish its verification, or use another payment method", "請完成驗證，或使用其他支付方式", "请完成验证，或使用其他支付方式", "確認を終えるか、別の支払い方法をお使いください"},
	},
	"resources_running": {
		[4]string{"Resources are running", "尚有運行中的資源", "尚有运行中的资源", "稼働中のリソースがあります"},
		[4]string{"release them first", "請先釋放資源", "请先释放资源", "先にリソースを解放してください"},
	},
	"usage_unbilled": {
		[4]string{"Usage has not been charged yet", "尚有未扣款的用量", "尚有未扣款的用量", "未請求の利用があります"},
		[4]string{"wait until the bill is issued and paid", "請等待賬單出具並付清", "请等待账单出具并付清", "請求書が発行され支払われるまでお待ちください"},
	},
	"bill_unpaid": {
		[4]string{"Something is owed", "尚有未付清的款項", "尚有未付清的款项", "未払いがあります"},
		[4]string{"pay what is open, or wait until it was charged", "請付清未結款項，或等待扣款完成", "请付清未结款项，或等待扣款完成", "未払い分を支払うか、請求の完了をお待ちください"},
	},
	"payment_overdue": {
		[4]string{"A payment is overdue", "尚有逾期款項", "尚有逾期款项", "支払いが遅れています"},
		[4]string{"pay what is overdue", "請付清逾期款項", "请付清逾期款项", "遅れている分をお支払いください"},
	},
	"account_closed": {
		[4]string{"The account is closed", "此帳號已註銷", "此账号已注销", "アカウントは閉鎖されています"},
		[4]string{"usage and payments of a closed account are refused; open another account", "已註銷的帳號不再接受用量和付款，請開立其他帳號", "已注销的账号不再接受用量和付款，请开立其他账号", "閉鎖したアカウントの利用や支払いは受け付けません。別のアカウントを開いてください"},
	},
	"account_not_closing": {
		[4]string{"The account is not being closed", "此帳號未在註銷中", "此账号未在注销中", "アカウントは閉鎖の手続き中ではありません"},
		[4]string{"nothing needs to be done; it is active, or closed for good", "無需任何操作；帳號仍在使用中，或已註銷", "无需任何操作；账号仍在使用中，或已注销", "操作は不要です。利用中か、閉鎖済みです"},
	},
	"resources_invalid": {
		[4]string{"No report of running resources", "不是有效的運行資源報告", "不是有效的运行资源报告", "稼働中リソースの報告として無効です"},
		[4]string{"send running, a number from 0, and up to 20 examples of at most 200 bytes each", "請提供 running（0 或以上的數字）以及最多 20 個 examples，每個不超過 200 位元組", "请提供 running（0 或以上的数字）以及最多 20 个 examples，每个不超过 200 字节", "running（0 以上の数）と、それぞれ 200 バイト以内の examples を 20 件まで送ってください"},
	},
	"agreement_not_found": {
		[4]string{"There is no such agreement", "找不到此授權協議", "找不到此授权协议", "この同意は見つかりません"},
		[4]string{},
	},
}

// Explain says what a code means to a payer and what they can do, in the language
// that the caller prefers; ok tells whether there are words for it.
func Explain(code, acceptLanguage string) (title, next string, ok bool) {
	t, ok := texts[code]
	spoken := spokenLanguage(acceptLanguage)
	return t.title[spoken], t.next[spoken], ok
}
