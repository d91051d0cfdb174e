package staff

import (
	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
)

// table is every page and form: the way there, what one has to be allowed, and what
// answers. A test asks each of them in every role.
var table = []route{
	{pattern: "GET /staff/login", do: showLogin, open: true},
	{pattern: "POST /staff/login", do: askForLink, open: true},
	{pattern: "GET /staff/enter/{secret}", do: showEnter, open: true},
	{pattern: "POST /staff/enter/{secret}", do: enter, open: true},
	{pattern: "POST /staff/choose", do: enterPretend, open: true},
	{pattern: "POST /staff/leave", do: leave},
	{pattern: "GET /staff", do: showToday},
	{pattern: "GET /staff/{$}", do: showToday},

	{pattern: "GET /staff/checks", scope: access.IdentityRead, do: showChecks},
	{pattern: "GET /staff/checks/{id}", scope: access.IdentityRead, do: showCheck},
	{pattern: "POST /staff/checks/{id}/documents/{document}", scope: access.IdentityReview, do: openDocument},
	{pattern: "POST /staff/checks/{id}/approve", scope: access.IdentityReview, do: approveCheck},
	{pattern: "POST /staff/checks/{id}/reject", scope: access.IdentityReview, do: rejectCheck},
	{pattern: "GET /staff/views", scope: access.IdentityRead, do: showViews},
	{pattern: "GET /staff/stopped", scope: access.IdentityRead, do: showStopped},

	{pattern: "GET /staff/accounts", scope: access.AccountsRead, do: showAccounts},
	{pattern: "GET /staff/accounts/{id}", scope: access.AccountsRead, do: showAccount},
	{pattern: "GET /staff/accounts/{id}/history", scope: access.AccountsRead, do: showHistory},
	{pattern: "GET /staff/payments/{id}", scope: access.BillsRead, do: showPayment},
	{pattern: "POST /staff/payments/{id}/refund", scope: access.RefundsWrite, do: refundPayment},

	{pattern: "GET /staff/receipts", scope: access.BankRead, do: showReceipts},
	{pattern: "GET /staff/receipts/{id}", scope: access.BankRead, do: showReceipt},
	{pattern: "POST /staff/receipts/{id}/claim", scope: access.BankWrite, do: claimReceipt},
	{pattern: "POST /staff/receipts/{id}/owner", scope: access.BankWrite, do: takeReceipt},
	{pattern: "POST /staff/receipts/{id}/return", scope: access.BankWrite, do: returnReceipt},
	{pattern: "POST /staff/receipts/{id}/keep", scope: access.BankWrite, do: keepReceipt},
	{pattern: "POST /staff/claims/{id}/approve", scope: access.BankApprove, do: decideClaim(approveClaim)},
	{pattern: "POST /staff/claims/{id}/refuse", scope: access.BankApprove, do: decideClaim(refuseClaim)},
	{pattern: "POST /staff/claims/{id}/withdraw", scope: access.BankWrite, do: decideClaim(withdrawClaim)},
	{pattern: "POST /staff/claims/{id}/reverse", scope: access.BankApprove, do: decideClaim(reverseClaim)},
	{pattern: "POST " + claimsPath, scope: access.BankWrite, do: claimReceipt, large: office.UploadMax + bodyMax},
	{pattern: "GET /staff/claim-proofs/{id}", scope: access.BankRead, do: openProof},
	{pattern: "GET /staff/approvals", scope: access.BankRead, do: showApprovals},

	{pattern: "GET /staff/receiving", scope: access.BankRead, do: showReceiving},
	{pattern: "POST /staff/receiving", scope: access.BankWrite, do: proposeReceiving},
	{pattern: "POST /staff/receiving/pools", scope: access.BankWrite, do: proposePool},
	{pattern: "POST /staff/receiving/{id}/close", scope: access.BankWrite, do: proposeClosing},
	{pattern: "POST /staff/receiving/changes/{id}/agree", scope: access.BankApprove, do: agreeToReceiving},
	{pattern: "POST /staff/receiving/changes/{id}/refuse", scope: access.BankApprove, do: refuseReceiving},
	{pattern: "POST /staff/receiving/changes/{id}/withdraw", scope: access.BankWrite, do: withdrawReceiving},

	{pattern: "GET /staff/statements", scope: access.BankRead, do: showStatements},
	{pattern: "POST /staff/statements", scope: access.BankWrite, do: importStatement, large: uploadMax + bodyMax},
	{pattern: "GET /staff/statements/{id}", scope: access.BankRead, do: showStatement},
	{pattern: "POST /staff/statements/{id}/agree", scope: access.BankApprove, do: agreeToStatement},
	{pattern: "GET /staff/lines", scope: access.BankRead, do: showLines},
	{pattern: "GET /staff/lines/{id}", scope: access.BankRead, do: showLine},
	{pattern: "POST /staff/lines/{id}/explain", scope: access.BankApprove, do: explainLine},
	{pattern: "POST /staff/lines/{id}/accept", scope: access.BankApprove, do: acceptLine},
	{pattern: "POST /staff/lines/{id}/dismiss", scope: access.BankApprove, do: dismissLine},

	{pattern: "GET /staff/credit", scope: access.CreditRead, do: showCredit},
	{pattern: "GET /staff/credit/account", scope: access.CreditRead, do: findCredit},
	{pattern: "GET /staff/accounts/{id}/credit", scope: access.CreditRead, do: showAccountCredit},
	{pattern: "POST /staff/accounts/{id}/credit", scope: access.CreditWrite, do: proposeCredit},
	{pattern: "POST /staff/credit/{id}/approve", scope: access.CreditApprove, do: decideCredit(approveCredit)},
	{pattern: "POST /staff/credit/{id}/refuse", scope: access.CreditApprove, do: decideCredit(refuseCredit)},
	{pattern: "POST /staff/credit/{id}/withdraw", scope: access.CreditWrite, do: decideCredit(withdrawCredit)},

	{pattern: "GET /staff/withdrawals", scope: access.FundsRead, do: showWithdrawals},
	{pattern: "POST /staff/withdrawals", scope: access.BankWrite, do: proposeWithdrawal},
	{pattern: "POST /staff/withdrawals/{id}/approve", scope: access.BankApprove, do: decideWithdrawal(approveWithdrawal)},
	{pattern: "POST /staff/withdrawals/{id}/refuse", scope: access.BankApprove, do: decideWithdrawal(refuseWithdrawal)},
	{pattern: "POST /staff/withdrawals/{id}/drop", scope: access.BankWrite, do: decideWithdrawal(dropWithdrawal)},

	{pattern: "GET /staff/members", scope: access.StaffRead, do: showMembers},
	{pattern: "POST /staff/members", scope: access.StaffWrite, do: addMember},
	{pattern: "POST /staff/members/{id}/role", scope: access.StaffWrite, do: changeRole},
	{pattern: "POST /staff/members/{id}/disable", scope: access.StaffWrite, do: disableMember},
	{pattern: "POST /staff/members/{id}/enable", scope: access.StaffWrite, do: enableMember},
	{pattern: "POST /staff/members/{id}/sign-out", scope: access.StaffWrite, do: signMemberOut},
}
