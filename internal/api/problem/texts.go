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

	// Identity checks, and the files that are sent for them.
	"risk_control_rejection": {
		[4]string{"Stopped for reasons of security", "因安全原因未能繼續", "因安全原因未能继续", "安全上の理由で停止しました"},
		[4]string{"verify your identity if you are asked to, use another payment method, or contact support", "如收到要求，請完成身分驗證；也可使用其他支付方式，或聯絡客服", "如收到要求，请完成身份验证；也可使用其他支付方式，或联系客服", "本人確認を求められた場合は手続きを行うか、別の支払い方法を使うか、サポートにお問い合わせください"},
	},
	"identity_case_not_open": {
		[4]string{"No documents are taken now", "目前不接受文件", "目前不接受文件", "現在、書類は受け付けていません"},
		[4]string{"wait for the decision; after it, a new purchase says whether anything else is needed", "請等候審核結果；之後再次購買時會告知是否還需要其他資料", "请等候审核结果；之后再次购买时会告知是否还需要其他资料", "審査の結果をお待ちください。その後のお申し込みの際に、ほかに必要なものがあれば案内します"},
	},
	"identity_case_too_late": {
		[4]string{"The time to send documents is over", "提交文件的期限已過", "提交文件的期限已过", "書類の提出期限を過ぎています"},
		[4]string{"place the order again; if an identity check is still needed, a new one is opened", "請重新下單；如仍需驗證身分，會再次要求提交", "请重新下单；如仍需验证身份，会再次要求提交", "もう一度ご注文ください。本人確認がまだ必要な場合は、新しく始まります"},
	},
	"identity_rounds_used": {
		[4]string{"Documents were sent too often", "提交文件的次數過多", "提交文件的次数过多", "書類の提出回数が上限に達しました"},
		[4]string{"ask support for help", "請聯絡客服協助", "请联系客服协助", "サポートにお問い合わせください"},
	},
	"identity_documents_missing": {
		[4]string{"Documents are missing", "文件不齊全", "文件不齐全", "書類が足りません"},
		[4]string{"send each of the kinds that are named, then submit again", "請補齊列出的各類文件後再次提交", "请补齐列出的各类文件后再次提交", "示された種類の書類をすべて送ってから、もう一度提出してください"},
	},
	"identity_kind_unknown": {
		[4]string{"No such kind of document", "沒有這種文件類型", "没有这种文件类型", "その種類の書類はありません"},
		[4]string{"use registered_identity, payment_method_image or latest_statement", "請使用 registered_identity、payment_method_image 或 latest_statement", "请使用 registered_identity、payment_method_image 或 latest_statement", "registered_identity、payment_method_image、latest_statement のいずれかを使ってください"},
	},
	"identity_documents_too_many": {
		[4]string{"Too many documents", "文件數量已達上限", "文件数量已达上限", "書類の数が上限に達しました"},
		[4]string{"remove one that is not needed, or submit what is there", "請移除不需要的文件，或提交現有文件", "请移除不需要的文件，或提交现有文件", "不要なものを取り消すか、今あるものを提出してください"},
	},
	"identity_document_in_use": {
		[4]string{"The document was submitted", "此文件已提交", "此文件已提交", "この書類は提出済みです"},
		[4]string{"send another one when the check asks for it", "需要時請另行提交文件", "需要时请另行提交文件", "求められたときに、別の書類を送ってください"},
	},
	"identity_mismatch": {
		[4]string{"Not what the account was registered with", "與註冊資料不一致", "与注册资料不一致", "登録した情報と一致しません"},
		[4]string{"send documents of the person or company that the account is registered to", "請提交與帳號註冊資料一致的個人或公司文件", "请提交与账号注册资料一致的个人或公司文件", "アカウントに登録した本人または会社の書類を送ってください"},
	},
	"identity_unreadable": {
		[4]string{"A document cannot be read", "文件無法辨識", "文件无法辨认", "書類を読み取れません"},
		[4]string{"send all of the document, uncovered and large enough to read", "請提交完整、無遮擋且足夠清楚的文件", "请提交完整、无遮挡且足够清楚的文件", "全体が写り、隠れた部分がなく、読める大きさの書類を送ってください"},
	},
	"identity_blurred": {
		[4]string{"A document is blurred", "文件模糊不清", "文件模糊不清", "書類が不鮮明です"},
		[4]string{"take the picture again in good light, and hold still", "請在光線充足處重新拍攝，並保持穩定", "请在光线充足处重新拍摄，并保持稳定", "明るい場所で、ぶれないようにもう一度撮影してください"},
	},
	"identity_expired": {
		[4]string{"A document is out of date", "文件已過期", "文件已过期", "書類の期限が切れています"},
		[4]string{"send a document that is valid, and the latest statement", "請提交有效的文件以及最新的帳單", "请提交有效的文件以及最新的账单", "有効な書類と最新の明細書を送ってください"},
	},
	"evidence_empty": {
		[4]string{"The file is empty", "檔案是空的", "文件是空的", "ファイルが空です"},
		[4]string{"choose the file again; if it comes from the cloud, download it first", "請重新選擇檔案；如存放在雲端，請先下載", "请重新选择文件；如存放在云端，请先下载", "もう一度ファイルを選んでください。クラウドにある場合は先にダウンロードしてください"},
	},
	"evidence_too_large": {
		[4]string{"The file is too large", "檔案過大", "文件过大", "ファイルが大きすぎます"},
		[4]string{"take the picture with a lower resolution, or send fewer pages", "請以較低解析度拍攝，或減少頁數", "请以较低分辨率拍摄，或减少页数", "解像度を下げて撮影するか、ページを減らしてください"},
	},
	"evidence_kind": {
		[4]string{"Neither a picture nor a PDF", "不是圖片或 PDF", "不是图片或 PDF", "画像でも PDF でもありません"},
		[4]string{"send a JPEG or PNG picture, or a PDF; a screenshot is one", "請提交 JPEG 或 PNG 圖片，或 PDF；螢幕截圖亦可", "请提交 JPEG 或 PNG 图片，或 PDF；屏幕截图亦可", "JPEG か PNG の画像、または PDF を送ってください。スクリーンショットでもかまいません"},
	},
	"evidence_pixels": {
		[4]string{"The picture has too many pixels", "圖片像素過多", "图片像素过多", "画像の画素数が多すぎます"},
		[4]string{"take it with a lower resolution, or crop it to the document", "請以較低解析度拍攝，或裁切至文件範圍", "请以较低分辨率拍摄，或裁剪至文件范围", "解像度を下げて撮影するか、書類の部分だけに切り取ってください"},
	},
	"evidence_broken": {
		[4]string{"The file cannot be read", "檔案無法讀取", "文件无法读取", "ファイルを読み取れません"},
		[4]string{"open it, save or print it anew, and send that; or send a picture of it", "請開啟後重新儲存或列印再提交；或提交其照片", "请打开后重新保存或打印再提交；或提交其照片", "開いて保存または印刷し直したものか、その写真を送ってください"},
	},
	"evidence_complex": {
		[4]string{"The file is too large inside", "檔案內容過大", "文件内容过大", "ファイルの中身が大きすぎます"},
		[4]string{"print it to a new PDF, or send a picture of it", "請列印成新的 PDF，或提交其照片", "请打印成新的 PDF，或提交其照片", "新しい PDF に印刷するか、写真を送ってください"},
	},
	"evidence_pages": {
		[4]string{"The PDF has too many pages", "PDF 頁數過多", "PDF 页数过多", "PDF のページ数が多すぎます"},
		[4]string{"send only the pages that are asked for", "請只提交所需的頁面", "请只提交所需的页面", "必要なページだけを送ってください"},
	},
	"evidence_encrypted": {
		[4]string{"The PDF is protected", "PDF 受保護", "PDF 受保护", "PDF が保護されています"},
		[4]string{"print it to a new PDF without protection, or send a picture of it", "請列印成沒有保護的新 PDF，或提交其照片", "请打印成没有保护的新 PDF，或提交其照片", "保護のない新しい PDF に印刷するか、写真を送ってください"},
	},
	"evidence_active": {
		[4]string{"The PDF holds something that can act", "PDF 含有可執行的內容", "PDF 含有可执行的内容", "PDF に動作する内容が含まれています"},
		[4]string{"print it to a new PDF, or send a picture of it", "請列印成新的 PDF，或提交其照片", "请打印成新的 PDF，或提交其照片", "新しい PDF に印刷するか、写真を送ってください"},
	},
	"evidence_infected": {
		[4]string{"Malware was found in the file", "檔案含有惡意軟體", "文件含有恶意软件", "ファイルからマルウェアが見つかりました"},
		[4]string{"check your device, and send another file", "請檢查您的裝置，並提交其他檔案", "请检查您的设备，并提交其他文件", "端末を確認し、別のファイルを送ってください"},
	},
	"evidence_unscanned": {
		[4]string{"The file could not be checked", "檔案暫時無法檢查", "文件暂时无法检查", "ファイルを検査できませんでした"},
		[4]string{"try again in some minutes", "請於數分鐘後再試", "请于数分钟后再试", "数分後にもう一度お試しください"},
	},

	// Orders.
	"order_invalid": {
		[4]string{"The order cannot be placed as described", "訂單內容有誤，無法下單", "订单内容有误，无法下单", "この内容では注文できません"},
		[4]string{},
	},
	"order_conflict": {
		[4]string{"Another order has this reference", "此編號已用於其他訂單", "此编号已用于其他订单", "この番号は別の注文で使われています"},
		[4]string{"give each order a reference of its own; send the same content to get the same order", "請為每筆訂單使用不同的編號；內容相同則會得到同一筆訂單", "请为每笔订单使用不同的编号；内容相同则会得到同一笔订单", "注文ごとに別の番号を付けてください。同じ内容なら同じ注文が返ります"},
	},
	"order_not_offered": {
		[4]string{"This cannot be ordered here", "無法在此下單", "无法在此下单", "ここでは注文できません"},
		[4]string{"order on the platform's own pages", "請前往平台頁面下單", "请前往平台页面下单", "プラットフォームのページでご注文ください"},
	},
	"order_costs_nothing": {
		[4]string{"There is nothing to pay", "無須付款", "无须付款", "お支払いの必要がありません"},
		[4]string{"an order has a price above zero", "訂單金額須大於零", "订单金额须大于零", "注文の金額はゼロより大きくしてください"},
	},
	"order_debt": {
		[4]string{"The debt is an order's", "這筆款項屬於訂單", "这笔款项属于订单", "この請求は注文のものです"},
		[4]string{"pay the order", "請支付該訂單", "请支付该订单", "注文をお支払いください"},
	},
	"order_not_cancellable": {
		[4]string{"The order cannot be cancelled by itself", "此訂單無法單獨取消", "此订单无法单独取消", "この注文だけを取り消すことはできません"},
		[4]string{"cancel the order with which the subscription began", "請取消開始此訂閱的訂單", "请取消开始此订阅的订单", "サブスクリプションを始めた注文を取り消してください"},
	},
	"subscription_not_found": {
		[4]string{"No such subscription", "找不到此訂閱", "找不到此订阅", "サブスクリプションが見つかりません"},
		[4]string{},
	},

	// Refunds.
	"refund_not_found": {
		[4]string{"No such refund", "找不到此退款", "找不到此退款", "返金が見つかりません"},
		[4]string{},
	},
	"payment_not_refundable": {
		[4]string{"There is nothing to give back", "沒有可退還的款項", "没有可退还的款项", "返金できるお支払いではありません"},
		[4]string{"refund a payment that has succeeded", "請選擇已成功的支付進行退款", "请选择已成功的支付进行退款", "完了したお支払いを選んでください"},
	},
	"refund_too_much": {
		[4]string{"More than the payment took", "退款金額超過已支付金額", "退款金额超过已支付金额", "お支払い額を超える返金です"},
		[4]string{"refund what is left of the payment; refunds that are not over count", "請退還剩餘金額；處理中的退款也計算在內", "请退还剩余金额；处理中的退款也计算在内", "残りの金額までにしてください。処理中の返金も含まれます"},
	},
	"refund_amount": {
		[4]string{"Such an amount cannot be given back", "無法退還這個金額", "无法退还这个金额", "この金額は返金できません"},
		[4]string{"give an amount above zero in the payment's currency, no finer than its provider pays out", "請輸入大於零、與支付幣別相同且支付機構可退還的金額", "请输入大于零、与支付币种相同且支付机构可退还的金额", "ゼロより大きく、お支払いと同じ通貨で、決済会社が扱える単位の金額にしてください"},
	},
	"refund_reason": {
		[4]string{"A reason is needed", "請填寫退款原因", "请填写退款原因", "返金の理由が必要です"},
		[4]string{"say in a few words why the money is given back", "請簡要說明退款原因", "请简要说明退款原因", "返金の理由を短く書いてください"},
	},
	"refund_needs_staff": {
		[4]string{"Given back by staff only", "僅能由客服人員退款", "仅能由客服人员退款", "返金は担当者のみが行えます"},
		[4]string{"ask the support of the platform", "請聯絡平台客服", "请联系平台客服", "プラットフォームのサポートにお問い合わせください"},
	},
	"refund_order_open": {
		[4]string{"The order is not paid in full", "訂單尚未付清", "订单尚未付清", "注文のお支払いが完了していません"},
		[4]string{"cancel the order first", "請先取消訂單", "请先取消订单", "先に注文を取り消してください"},
	},
	"refund_balance_spent": {
		[4]string{"What was put on the balance is spent", "已轉入餘額的款項已使用", "已转入余额的款项已使用", "残高に入った金額は使用済みです"},
		[4]string{"refund less, or what was paid from the balance", "請減少退款金額，或退還以餘額支付的款項", "请减少退款金额，或退还以余额支付的款项", "返金額を減らすか、残高で支払われた分を返金してください"},
	},

	// What stands against paying an order.
	"order_over": {
		[4]string{"The order is over", "此訂單已結束", "此订单已结束", "この注文は終了しています"},
		[4]string{"place another order", "請重新下單", "请重新下单", "もう一度ご注文ください"},
	},
	"order_lapsed": {
		[4]string{"The order was not paid in time", "訂單逾時未支付", "订单超时未支付", "お支払い期限が過ぎました"},
		[4]string{"place another order", "請重新下單", "请重新下单", "もう一度ご注文ください"},
	},
	"order_pending": {
		[4]string{"Another order for this is not over", "此訂閱有尚未完成的訂單", "此订阅有尚未完成的订单", "未完了の注文があります"},
		[4]string{"pay or cancel that order first", "請先支付或取消該訂單", "请先支付或取消该订单", "先にその注文を支払うか取り消してください"},
	},
	"order_not_found": {
		[4]string{"No such order", "找不到此訂單", "找不到此订单", "注文が見つかりません"},
		[4]string{},
	},
	"order_needs_credit": {
		[4]string{"Paid from a credit line", "需以信控額度支付", "需以信控额度支付", "与信枠でのお支払いになります"},
		[4]string{"open a credit line, or pay by transfer", "請開通信控額度，或以銀行匯款支付", "请开通信控额度，或以银行汇款支付", "与信枠を開設するか、銀行振込でお支払いください"},
	},
	"order_exceeds_credit": {
		[4]string{"Not enough available credit", "可用額度不足", "可用额度不足", "利用可能な与信枠が足りません"},
		[4]string{"pay open bills by transfer, or ask for a higher limit", "請以銀行匯款支付未付賬單，或申請提高額度", "请以银行汇款支付未付账单，或申请提高额度", "未払いの請求書を銀行振込で支払うか、限度額の引き上げをご依頼ください"},
	},
	"balance_too_low": {
		[4]string{"The balance does not suffice", "餘額不足", "余额不足", "残高が足りません"},
		[4]string{"top it up or transfer money first, or pay less", "請先儲值或匯款，或減少支付金額", "请先充值或汇款，或减少支付金额", "先に入金または振込をするか、金額を減らしてください"},
	},
	"amount_above_open": {
		[4]string{"More than is open", "金額超過未付金額", "金额超过未付金额", "未払い額を超えています"},
		[4]string{"choose what is open, or wait until the payment under way is over", "請選擇未付金額以內的金額，或等待進行中的付款完成", "请选择未付金额以内的金额，或等待进行中的付款完成", "未払い額以内で指定するか、処理中の支払いが終わるまでお待ちください"},
	},
	"debt_chosen_twice": {
		[4]string{"Chosen twice", "重複選擇了同一項", "重复选择了同一项", "同じものが二度選ばれています"},
		[4]string{"name each once", "每項請只選一次", "每项请只选一次", "それぞれ一度だけ選んでください"},
	},
	"debt_not_payable_from_balance": {
		[4]string{"The balance is not put to this", "此項不能以餘額核銷", "此项不能以余额核销", "これは残高では支払えません"},
		[4]string{"an order is paid as an order; what is drawn on credit, once it is billed", "訂單請在訂單頁支付；使用信控額度的部分，請待出賬後支付", "订单请在订单页支付；使用信控额度的部分，请待出账后支付", "注文は注文としてお支払いください。与信枠の利用分は請求後にお支払いください"},
	},
	"debt_paid_whole": {
		[4]string{"Charged whole", "此項須全額扣款", "此项须全额扣款", "全額での請求になります"},
		[4]string{"pay all of it, or use the balance", "請全額支付，或使用餘額", "请全额支付，或使用余额", "全額をお支払いいただくか、残高をお使いください"},
	},
	"bill_paid": {
		[4]string{"The bill is paid", "賬單已付清", "账单已付清", "請求書は支払い済みです"},
		[4]string{},
	},
	"no_credit_line": {
		[4]string{"There is no credit line", "尚未開通信控額度", "尚未开通信控额度", "与信枠がありません"},
		[4]string{},
	},
	"account_overdue": {
		[4]string{"Something is overdue", "帳號有逾期未付的款項", "账号有逾期未付的款项", "支払期限を過ぎたものがあります"},
		[4]string{"pay what is overdue first", "請先付清逾期款項", "请先付清逾期款项", "先に延滞分をお支払いください"},
	},
	"balance_below_zero": {
		[4]string{"The balance is below zero", "餘額低於零", "余额低于零", "残高がマイナスです"},
		[4]string{"top it up or transfer what is missing first", "請先儲值或匯入不足的金額", "请先充值或汇入不足的金额", "先に不足分を入金または振り込んでください"},
	},
	"account_silent": {
		[4]string{"The account is being closed", "帳號正在註銷", "账号正在注销", "アカウントは閉鎖手続き中です"},
		[4]string{"reopen the account first", "請先取消註銷", "请先取消注销", "先に閉鎖を取り消してください"},
	},
	"subscription_over": {
		[4]string{"The subscription is over", "訂閱已結束", "订阅已结束", "サブスクリプションは終了しています"},
		[4]string{"order it anew", "請重新訂購", "请重新订购", "もう一度ご注文ください"},
	},
	"upgrade_not_dearer": {
		[4]string{"The change costs no more", "變更後的費用沒有增加", "变更后的费用没有增加", "変更後の料金が増えません"},
		[4]string{"change it when the term is over, or choose more", "請於期滿後變更，或選擇更高規格", "请于期满后变更，或选择更高规格", "期間の終了後に変更するか、上位のものをお選びください"},
	},
	"payment_unresolved": {
		[4]string{"A payment is under way", "有一筆付款正在處理", "有一笔付款正在处理", "お支払いを処理しています"},
		[4]string{"wait until it is; its answer is being asked for", "請稍候，系統正在向支付機構查詢結果，不會重複扣款", "请稍候，系统正在向支付机构查询结果，不会重复扣款", "結果を問い合わせています。完了までお待ちください"},
	},
	"no_payment_method": {
		[4]string{"No payment method to charge", "沒有可扣款的支付方式", "没有可扣款的支付方式", "請求できる支払い方法がありません"},
		[4]string{"bind a card first", "請先綁定銀行卡", "请先绑定银行卡", "先にカードを登録してください"},
	},

	// Bank transfers and documents.
	"receiving_details_none": {
		[4]string{"No bank account to transfer to", "目前尚無可匯款的帳號", "目前尚无可汇款的账号", "振込先の口座がありません"},
		[4]string{"ask your account manager; payment by card or PayPal works as before", "請聯絡您的客戶經理；銀行卡與 PayPal 付款不受影響", "请联系您的客户经理；银行卡与 PayPal 付款不受影响", "担当者にお問い合わせください。カードと PayPal のお支払いは従来どおりです"},
	},
	"receipt_not_yet": {
		[4]string{"No receipt for this payment", "此付款沒有收據", "此付款没有收据", "このお支払いに領収書はありません"},
		[4]string{"wait until the payment is over; one that was refused took nothing", "請等待付款完成；被拒絕的付款未扣任何款項", "请等待付款完成；被拒绝的付款未扣任何款项", "お支払いの完了をお待ちください。拒否されたお支払いでは引き落としはありません"},
	},
	"payment_request_invalid": {
		[4]string{"Payment request cannot be written", "無法產生付款通知書", "无法生成付款通知书", "お支払い依頼書を作成できません"},
		[4]string{"name a bill, or an amount above zero in the account's currency", "請指定賬單，或以帳號幣別指定大於零的金額", "请指定账单，或以账号币种指定大于零的金额", "請求書、またはアカウントの通貨でゼロより大きい金額を指定してください"},
	},
	"bill_settled": {
		[4]string{"Nothing of the bill is open", "此賬單已無未付金額", "此账单已无未付金额", "この請求書に未払い残高はありません"},
		[4]string{"ask for the bill itself, or for a receipt", "請改為取得賬單或收據", "请改为获取账单或收据", "請求書または領収書をご利用ください"},
	},
	"documents_unavailable": {
		[4]string{"Documents cannot be written here", "目前無法產生文件", "目前无法生成文件", "現在、書類を作成できません"},
		[4]string{"fetch the figures over the API instead", "請改由 API 取得數據", "请改由 API 获取数据", "代わりに API で数値を取得してください"},
	},
}

// Explain says what a code means to a payer and what they can do, in the language
// that the caller prefers; ok tells whether there are words for it.
func Explain(code, acceptLanguage string) (title, next string, ok bool) {
	t, ok := texts[code]
	spoken := spokenLanguage(acceptLanguage)
	return t.title[spoken], t.next[spoken], ok
}
