package diagnosis

// row is one sentence in each of account.Languages.
type row [4]string

var stateTexts = map[State]row{
	Fine:     {"Nothing is wrong", "沒有問題", "没有问题", "問題はありません"},
	UnderWay: {"It is not known yet how it ends", "結果尚未確定", "结果尚未确定", "結果はまだ分かっていません"},
	Waits:    {"It waits", "等待中", "等待中", "待っています"},
	Failed:   {"It did not go through", "未成功", "未成功", "完了しませんでした"},
}

var certaintyTexts = map[Certainty]row{
	Certain:  {"certain", "確定", "确定", "確実"},
	Likely:   {"likely", "很可能", "很可能", "可能性が高い"},
	Possible: {"possible", "有可能", "有可能", "可能性あり"},
}

var sourceTexts = map[Source]row{
	Ours:       {"our records", "我們的紀錄", "我们的记录", "当社の記録"},
	Policy:     {"our rules", "我們的規則", "我们的规则", "当社の規則"},
	ByProvider: {"the bank or the payment provider", "銀行或支付服務商", "银行或支付服务商", "銀行または決済事業者"},
	ByPayer:    {"the payer", "付款人", "付款人", "支払者"},
	ByStaff:    {"a reviewer", "審核人員", "审核人员", "審査担当者"},
}

// causeText is the name of a cause and what it means to whoever pays.
type causeText struct{ title, meaning row }

var causeTexts = map[Cause]causeText{
	CardType: {
		row{"Kind of card not accepted", "銀行卡類型不支援", "银行卡类型不支持", "対応していない種類のカード"},
		row{
			"Credit and debit cards of the brands offered here are accepted if they are open to international payments; prepaid, gift and virtual cards and cards of UnionPay alone are not.",
			"僅支援此處所列卡組織且開通國際支付的信用卡或借記卡，不支援預付卡、禮品卡、虛擬卡以及僅有銀聯標識的卡。",
			"仅支持此处所列卡组织且开通国际支付的信用卡或借记卡，不支持预付卡、礼品卡、虚拟卡以及仅有银联标识的卡。",
			"ここで使えるブランドで、海外利用に対応したクレジットカードとデビットカードだけが使えます。プリペイド、ギフト、バーチャルの各カードと銀聯専用カードは使えません。",
		},
	},
	AlreadyBound: {
		row{"Bound to another account", "已綁定至其他帳號", "已绑定至其他账号", "別のアカウントに登録済み"},
		row{
			"Each card or PayPal account can be bound to one account only. An account that was closed keeps its payment methods until its silent period is over.",
			"每張銀行卡或每個 PayPal 帳戶僅支援綁定一個帳號。已註銷的帳號在靜默期結束前仍保留其支付方式。",
			"每张银行卡或每个 PayPal 账户仅支持绑定一个账号。已注销的账号在静默期结束前仍保留其支付方式。",
			"カードまたは PayPal アカウントは、一つのアカウントにだけ登録できます。閉鎖したアカウントも、待機期間が終わるまで支払い方法を保持します。",
		},
	},
	IssuerRefusal: {
		row{"The issuer refused", "發卡行拒絕", "发卡行拒绝", "カード会社が承認しませんでした"},
		row{
			"The bank that issued the card did not approve. Often the card is not open to international payments, or the bank's own rules stand against it.",
			"發卡行未批准。常見原因是此卡不支援國際交易，或發卡行的風險控制策略不允許。",
			"发卡行未批准。常见原因是此卡不支持国际交易，或发卡行的风险控制策略不允许。",
			"カード会社が承認しませんでした。海外利用に対応していない、またはカード会社独自の規則によることがよくあります。",
		},
	},
	HoldFailed: {
		row{"The hold that verifies it failed", "預授權失敗", "预授权失败", "確認のための仮押さえの失敗"},
		row{
			"A small amount is held for a moment to verify a payment method. That failed, mostly for want of funds or because the bank stopped it.",
			"系統會發起一筆小額預授權驗證支付方式。失敗通常因餘額不足或銀行攔截導致。",
			"系统会发起一笔小额预授权验证支付方式。失败通常因余额不足或银行拦截导致。",
			"支払い方法の確認のため、少額を一時的に押さえます。多くは残高不足か、銀行が止めたために失敗します。",
		},
	},
	BrowserOrNetwork: {
		row{"Browser or network", "瀏覽器或網路問題", "浏览器或网络问题", "ブラウザーまたは通信"},
		row{
			"A page may not have loaded or was closed: a cache, an ad blocker, another extension, a blocked window or the connection can cause that.",
			"頁面可能未能載入或被關閉：瀏覽器快取、廣告攔截等外掛程式、視窗被攔截或網路不穩定都可能造成。",
			"页面可能未能加载或被关闭：浏览器缓存、广告拦截等插件、窗口被拦截或网络不稳定都可能造成。",
			"ページが表示されなかったか、閉じられた可能性があります。キャッシュ、広告ブロックなどの拡張機能、ウィンドウのブロック、通信の不具合が原因になります。",
		},
	},
	IdentityCheck: {
		row{"The identity has to be verified", "需要完成身分識別驗證", "需要完成身份识别验证", "本人確認書類の提出が必要"},
		row{
			"For reasons of security the payment goes on only once the identity behind the account and the payment method is verified.",
			"出於安全考量，須先完成帳號與支付方式的身分識別驗證才能繼續付款。",
			"出于安全考虑，须先完成账号与支付方式的身份识别验证才能继续付款。",
			"安全のため、アカウントと支払い方法の本人確認が済むまで支払いを進められません。",
		},
	},
	ThreeDS: {
		row{"3-D Secure was not finished", "未完成 3D 安全驗證", "未完成 3D 安全验证", "3D セキュアが完了していません"},
		row{
			"The bank that issued the card wanted the payer to confirm on its own page, and that did not happen or did not succeed.",
			"發卡行要求在其頁面完成驗證，而驗證未完成或未通過。",
			"发卡行要求在其页面完成验证，而验证未完成或未通过。",
			"カード会社の画面での本人確認が必要でしたが、行われなかったか、成功しませんでした。",
		},
	},
	CardState: {
		row{"State or features of the card", "銀行卡狀態或功能", "银行卡状态或功能", "カードの状態または機能"},
		row{
			"The card cannot be charged like this. It may have expired, not be open to online or international payments, not be enrolled in 3-D Secure, or the bank may have stopped the payment.",
			"此卡無法如此扣款：可能已到期、未開通線上或國際交易、未啟用 3D 驗證，或被銀行攔截。",
			"此卡无法如此扣款：可能已到期、未开通线上或国际交易、未启用 3D 验证，或被银行拦截。",
			"このカードではこの請求ができません。期限切れ、オンライン決済や海外利用が未対応、3D セキュアが未設定、または銀行が止めた可能性があります。",
		},
	},
	NotUsable: {
		row{"The payment method cannot be used here", "支付方式不可用", "支付方式不可用", "この支払い方法は使えません"},
		row{
			"It is not among those that are accepted for this account, or it is not active.",
			"此帳號不支援此支付方式，或其狀態並非有效。",
			"此账号不支持此支付方式，或其状态并非有效。",
			"このアカウントで使える支払い方法ではないか、有効ではありません。",
		},
	},
	Funds: {
		row{"Not enough money", "餘額或可用額度不足", "余额或可用额度不足", "残高または利用枠の不足"},
		row{
			"Balance, credit limit or a limit on single payments do not cover the amount.",
			"餘額、信用額度或單筆限額不足以支付此金額。",
			"余额、信用额度或单笔限额不足以支付此金额。",
			"残高、利用枠、または一回あたりの限度額が金額に足りません。",
		},
	},
	FundingSource: {
		row{"PayPal has nothing to take the money from", "PayPal 帳戶沒有可用的資金來源", "PayPal 账户没有可用的资金来源", "PayPal に使える支払元がありません"},
		row{
			"The PayPal account has no bank account, card or balance that pays this.",
			"PayPal 帳戶內沒有可用於付款的銀行帳戶、銀行卡或餘額。",
			"PayPal 账户内没有可用于付款的银行账户、银行卡或余额。",
			"PayPal アカウントに、支払いに使える銀行口座・カード・残高がありません。",
		},
	},
	Agreement: {
		row{"No agreement at PayPal", "PayPal 代付協議未生效", "PayPal 代付协议未生效", "PayPal での同意がありません"},
		row{
			"The agreement to later payments was not given on PayPal's page, or was taken back there.",
			"未在 PayPal 頁面確認代付協議，或協議已在 PayPal 取消。",
			"未在 PayPal 页面确认代付协议，或协议已在 PayPal 取消。",
			"PayPal の画面で後日の支払いに同意していないか、PayPal で同意が取り消されました。",
		},
	},
	Details: {
		row{"The details are wrong", "填寫的資訊有誤", "填写的信息有误", "入力内容の誤り"},
		row{
			"Number, expiry or security code are not those on the card.",
			"卡號、有效期或安全碼與卡片不符。",
			"卡号、有效期或安全码与卡片不符。",
			"番号、有効期限、またはセキュリティコードがカードと一致しません。",
		},
	},
	NoMethod: {
		row{"There is nothing to charge", "沒有可扣款的支付方式", "没有可扣款的支付方式", "請求できる支払い方法がありません"},
		row{
			"The account has no payment method that is charged by itself.",
			"此帳號沒有可自動扣款的支付方式。",
			"此账号没有可自动扣款的支付方式。",
			"このアカウントには、自動で請求される支払い方法がありません。",
		},
	},
	Limits: {
		row{"A limit is reached", "已達上限", "已达上限", "回数などの制限"},
		row{
			"It was tried as often, or as soon, as the rules against misuse allow for now.",
			"為防止濫用，目前的嘗試次數或間隔已達上限。",
			"为防止滥用，目前的尝试次数或间隔已达上限。",
			"不正利用を防ぐため、今は試せる回数または間隔の上限に達しています。",
		},
	},
	Risk: {
		row{"Stopped for reasons of security", "因安全原因被攔截", "因安全原因被拦截", "安全のため停止されました"},
		row{
			"This payment cannot be made like this.",
			"目前無法以此方式付款。",
			"目前无法以此方式付款。",
			"この方法では支払えません。",
		},
	},
	AccountState: {
		row{"The account does not allow it", "帳號狀態不允許", "账号状态不允许", "アカウントの状態"},
		row{
			"The account is closed or being closed, or something of it is overdue.",
			"帳號已註銷、正在註銷，或有逾期款項。",
			"账号已注销、正在注销，或有逾期款项。",
			"アカウントが閉鎖済み、閉鎖手続き中、または支払いが遅れています。",
		},
	},
	Amount: {
		row{"The amount cannot be charged at once", "此金額無法一次扣款", "此金额无法一次扣款", "一度に請求できない金額"},
		row{
			"The payment provider does not take an amount like this.",
			"支付服務商不接受此金額。",
			"支付服务商不接受此金额。",
			"決済事業者がこの金額を受け付けません。",
		},
	},
	Lapsed: {
		row{"Not paid in time", "未在時限內付款", "未在时限内付款", "期限内に支払われませんでした"},
		row{
			"The order was open for a while, and nothing was paid.",
			"訂單在有效時間內未付款。",
			"订单在有效时间内未付款。",
			"注文の有効期間内に支払われませんでした。",
		},
	},
	Provider: {
		row{"The bank or the payment provider gave no answer", "銀行或支付服務商沒有回應", "银行或支付服务商没有回应", "銀行または決済事業者から回答がありません"},
		row{
			"It could not be reached, or could not decide for now. The payment method may be perfectly all right.",
			"暫時無法連線或無法處理，支付方式本身可能沒有問題。",
			"暂时无法连接或无法处理，支付方式本身可能没有问题。",
			"接続できないか、今は判断できません。支払い方法に問題はないかもしれません。",
		},
	},
	Unknown: {
		row{"The answer was lost", "結果尚未得知", "结果尚未得知", "回答が失われました"},
		row{
			"It is not known whether money moved. The provider is being asked, and nothing else is tried until it is known.",
			"目前不確定是否已扣款。系統正在向支付服務商查詢，確認之前不會再次扣款。",
			"目前不确定是否已扣款。系统正在向支付服务商查询，确认之前不会再次扣款。",
			"お金が動いたかどうかはまだ分かりません。決済事業者に確認中で、分かるまで再度の請求はしません。",
		},
	},
}
