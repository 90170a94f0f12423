package audit

import "strings"

// actions are the Chinese words of every action: what the list calls it, and how a sentence says it, with
// %s for what it was done to. A test wants a line for every action that occurs.
var actions = map[string]struct{ name, sentence string }{
	"identity.login":               {"登录", "登录了小程序"},
	"identity.create_account":      {"首次登录", "第一次登录了小程序"},
	"identity.set_phone":           {"登记手机号", "登记了自己的手机号"},
	"identity.bind":                {"绑定党员", "绑定了%s"},
	"identity.attach_role":         {"角色生效", "按手机号领到了角色"},
	"identity.set_relation":        {"更改关系", "更改了与%s的关系"},
	"identity.unbind":              {"解除绑定", "解除了与%s的绑定"},
	"identity.end_tie":             {"解除他人绑定", "解除了一个微信与%s的绑定"},
	"identity.create_binding_code": {"发绑定码", "给%s发了绑定码"},
	"identity.make_claim":          {"提交认领", "提交了认领申请"},
	"identity.confirm_claim":       {"同意认领", "同意了一份认领申请"},
	"identity.refuse_claim":        {"拒绝认领", "拒绝了一份认领申请"},
	"identity.grant_role":          {"授予角色", "授予了一个角色"},
	"identity.revoke_role":         {"收回角色", "收回了一个角色"},
	"identity.delegate_role":       {"请人代行", "请人代行自己的职务"},
	"identity.recall_deputy":       {"结束代行", "结束了别人的代行"},

	"identity.scan_login":         {"扫码登录", "用手机扫码确认了电脑登录"},
	"identity.approve_login":      {"同意登录电脑", "在手机上同意了电脑登录"},
	"identity.deny_login":         {"拒绝登录电脑", "在手机上拒绝了电脑登录"},
	"identity.confirm":            {"手机上同意", "在手机上同意了一步操作"},
	"identity.refuse":             {"手机上拒绝", "在手机上拒绝了一步操作"},
	"identity.refused_login":      {"登录被拒", "登录电脑时被拒绝"},
	"identity.open_console":       {"登录电脑", "登录了电脑端"},
	"identity.end_session":        {"退出设备", "退出了一台设备"},
	"identity.end_other_sessions": {"退出其他设备", "退出了其他设备"},
	"identity.ask":                {"请求手机确认", "请求在手机上确认一步操作"},
	"identity.spend_confirmation": {"手机确认", "在手机上确认了一步操作"},

	"ledger.create_committee": {"新建党委", "新建了%s"},
	"ledger.create_unit":      {"新建单位", "新建了%s"},
	"ledger.update_unit":      {"更改单位", "更改了%s"},
	"ledger.update_desk":      {"更改单位场所和联系人", "更改了%s"},
	"ledger.create_branch":    {"新建支部", "新建了支部%s"},
	"ledger.rename_branch":    {"支部改名", "把支部改名为%s"},
	"ledger.create_alliance":  {"新建联盟", "新建了%s"},
	"ledger.update_alliance":  {"更改联盟", "更改了%s"},
	"ledger.create_person":    {"登记党员", "登记了%s"},
	"ledger.update_person":    {"更改党员", "更改了%s的台账"},
	"ledger.join_household":   {"登记为一户", "把%s与另一位登记为一户"},
	"ledger.leave_household":  {"移出一户", "把%s移出了一户"},
	"ledger.no_family":        {"登记不是一家人", "说明%s与同一电话的另一位不是一家人"},
	"ledger.ask_family_again": {"重新询问是否一家人", "撤回了%s与另一位不是一家人的说明"},
	"ledger.add_contact":      {"登记家属联系人", "给%s登记了一位家属联系人"},
	"ledger.change_contact":   {"更改家属联系人", "更改了%s的一位家属联系人"},
	"ledger.restore_contact":  {"恢复家属联系人", "恢复了%s去掉的一位家属联系人"},
	"ledger.remove_contact":   {"去掉家属联系人", "去掉了%s的一位家属联系人"},
	"ledger.create_column":    {"新建自定义栏", "新建了自定义栏%s"},
	"ledger.update_column":    {"更改自定义栏", "更改了自定义栏%s"},
	"ledger.order_columns":    {"排列自定义栏", "调整了%s自定义栏的顺序"},
	"ledger.retire_column":    {"停用自定义栏", "停用了自定义栏%s"},
	"ledger.restore_column":   {"恢复自定义栏", "恢复了自定义栏%s"},
	"ledger.reveal_person":    {"查看隐藏信息", "查看了%s的隐藏信息"},
	"ledger.restate_person":   {"更正以前的记录", "更正了%s以前的记录"},
	"ledger.reveal_change":    {"查看变更内容", "查看了%s的一条变更的内容"},
	"ledger.update_committee": {"更改党委", "更改了%s"},
	"ledger.decide_proposal":  {"确认状态变化", "对%s的状态变化作了决定"},

	"attachment.add":     {"上传附件", "给%s上传了一份附件"},
	"attachment.open":    {"下载附件", "下载了%s的一份附件"},
	"attachment.remove":  {"去掉附件", "去掉了%s的一份附件"},
	"attachment.restore": {"恢复附件", "恢复了%s的一份附件"},

	"roster.preview":  {"预览导入", "上传了一份台账预览"},
	"roster.commit":   {"确认导入", "导入了一份台账"},
	"roster.download": {"下载导出文件", "下载了一份导出的台账"},
	"roster.discard":  {"放弃导入", "放弃了一份台账预览"},

	"roster.explain":        {"指定表头含义", "指定了一份台账的表头含义"},
	"roster.choose":         {"选择导入内容", "选择了一份台账里要导入的内容"},
	"roster.reveal_preview": {"查看预览内容", "查看了一份台账预览里的隐藏信息"},
	"roster.undo":           {"撤回导入", "撤回了一次导入"},

	"founding.open_survey":   {"新建摸底", "新建了一次摸底"},
	"founding.change_survey": {"更改摸底", "更改了一次摸底"},
	"founding.count":         {"统计参加情况", "统计了一次摸底的参加情况"},
	"founding.fill":          {"填写摸底", "填写了%s的摸底"},
	"founding.propose":       {"生成组建方案", "生成了组建方案"},
	"founding.move":          {"调整方案", "调整了组建方案里的单位"},
	"founding.change_group":  {"更改方案", "更改了组建方案里的一个联盟"},
	"founding.save_version":  {"保存组建方案", "保存了一版组建方案"},
	"founding.found":         {"组建联盟", "按方案组建了联盟"},

	"election.create":       {"新建推选", "新建了一次推选"},
	"election.change":       {"更改推选", "更改了一次推选"},
	"election.open":         {"开始推选", "开始了一次推选"},
	"election.further":      {"再投一轮", "安排了再投一轮"},
	"election.vote":         {"投票", "投了票"},
	"election.hand_out":     {"发纸质票", "发了纸质票"},
	"election.take_back":    {"收回纸质票", "收回了纸质票"},
	"election.enter_papers": {"录入纸质票", "录入了纸质票"},
	"election.show":         {"记录举手表决", "记录了举手表决"},
	"election.count":        {"计票", "公布了推选结果"},
	"election.appoint":      {"请人代理", "请人代理联盟负责人"},
	"election.hand_over":    {"接任负责人", "开始了一段负责人任期"},
	"election.acknowledge":  {"看过交接清单", "看过了交接清单"},
	"election.end_term":     {"结束任期", "结束了一段任期"},
	"roster.export":         {"导出台账", "导出了台账"},
	"election.confirm":      {"确认推选结果", "确认了一次推选的结果"},
	"election.prolong":      {"延长推选", "延长了一次推选"},
	"election.cancel":       {"取消推选", "取消了一次推选"},

	"privacy.agree":        {"同意隐私说明", "同意了隐私说明"},
	"privacy.withdraw":     {"撤回同意", "撤回了对隐私说明的同意"},
	"privacy.export_own":   {"导出本人信息", "导出了本人的信息"},
	"privacy.ask_erasure":  {"申请删除", "申请删除%s的信息"},
	"privacy.drop_erasure": {"撤回删除申请", "撤回了删除申请"},
	"privacy.erase_person": {"删除个人信息", "删除了%s的个人信息"},
	"privacy.forget":       {"到期清理", "清理了到期的信息"},
	"vault.rotate_keys":    {"更换密钥", "更换了密钥"},

	"notice.draft":       {"起草通知", "起草了%s"},
	"notice.edit":        {"更改通知", "更改了%s"},
	"notice.amend":       {"更正通知", "更正了已经发出的%s"},
	"notice.publish":     {"发布通知", "发布了%s"},
	"notice.schedule":    {"定时发通知", "定好了%s的发出时间"},
	"notice.submit":      {"通知送审", "把%s送去审批"},
	"notice.return":      {"退回通知", "退回了%s"},
	"notice.withdraw":    {"收回通知", "把%s收回修改"},
	"notice.held":        {"通知没有发出", "没有发出%s，转回草稿"},
	"notice.correct":     {"更正通知", "更正了%s"},
	"notice.address":     {"选择发给谁", "选了%s发给谁"},
	"notice.approval":    {"改审批办法", "改了%s的通知审批办法"},
	"notice.series":      {"向各联盟发通知", "以%s的名义向各联盟发了通知"},
	"notice.add_picture": {"给通知加图片", "给%s加了图片"},
	"notice.close":       {"结束通知", "结束了%s"},
	"notice.cancel":      {"取消通知", "取消了%s"},
	"notice.read":        {"读通知", "读了%s"},
	"notice.remind":      {"催办", "再次提醒了%s"},
	"outbox.again":       {"重新排队", "把发不出去的消息重新排了队"},
	"notice.resend":      {"重发失败的消息", "把%s里没有发出去的消息重发了一遍"},
	"notice.named":       {"群里点名提醒", "在微信群里点名提醒了%s"},
	"notice.rules":       {"改通知规则", "改了%s的通知时间规则"},
	"notice.card":        {"生成群卡片", "生成了%s的群卡片"},
	"notice.card_shared": {"转发群卡片", "转发了%s的群卡片"},
	"notice.bind_group":  {"认定联盟群", "把%s的群认定为联盟群"},
	"notice.end_group":   {"解除联盟群", "把%s的一个群从联盟群里去掉"},
	"notice.robot":       {"填写群机器人", "给%s填写了企业微信群机器人"},
	"notice.robot_off":   {"去掉群机器人", "去掉了%s的企业微信群机器人"},
	"notice.way":         {"改通知方式", "改了通知%s的方式"},
	"notice.call_list":   {"查看电话名单", "查看了%s的电话名单"},
	"notice.calling":     {"拨打电话", "给%s打电话通知"},
	"notice.call":        {"记录电话", "记录了给%s的电话"},

	"notice.remove_picture": {"去掉通知图片", "去掉了%s的图片"},

	"notice.submit_correction":   {"更正送审", "把%s的更正送去审批"},
	"notice.return_correction":   {"退回更正", "退回了%s的更正"},
	"notice.withdraw_correction": {"收回更正", "收回了%s的更正"},
	"notice.forget_draft":        {"清掉旧草稿", "清掉了放了很久没有发的%s"},

	"activity.create":    {"新建活动", "新建了%s"},
	"activity.change":    {"更改活动", "更改了%s"},
	"activity.cancel":    {"取消活动", "取消了%s"},
	"activity.answer":    {"参加或请假", "填了%s的参加或请假"},
	"activity.places":    {"名额和接送", "改了%s的名额和接送"},
	"activity.place":     {"先安排位子", "给%s的候补先安排了位子"},
	"activity.lift_list": {"查看接送名单", "看了%s的接送名单和电话"},

	"checkin.record":            {"签到", "记录了%s的签到"},
	"checkin.annul":             {"撤销签到", "撤销了%s的一条签到"},
	"checkin.confirm":           {"核对签到", "核对了%s的一条签到"},
	"checkin.witness":           {"当面核对", "在门口核对了%s的一条签到"},
	"checkin.open_list":         {"新建签到名单", "新建了%s的签到名单"},
	"checkin.change_list":       {"更改签到名单", "更改了%s的签到名单"},
	"checkin.remove_list":       {"删除签到名单", "删除了%s的签到名单"},
	"checkin.seat":              {"安排乘车", "安排了%s的乘车"},
	"checkin.print_sheet":       {"打印签到单", "打印了%s的签到单"},
	"checkin.export_attendance": {"导出签到表", "导出了%s的签到表"},
	"checkin.door_pack":         {"下载门口名单", "下载了%s的门口名单"},
	"checkin.open_board":        {"打开大屏", "打开了%s的大屏"},
	"checkin.close_boards":      {"关闭大屏", "关闭了%s的大屏"},
	"checkin.issue_poster":      {"生成签到海报", "生成了%s的签到海报"},
	"checkin.revoke_poster":     {"停用签到海报", "停用了%s的签到海报"},
	"checkin.issue_card":        {"发卡", "给%s发了会员卡"},
	"checkin.issue_cards":       {"成批发卡", "给%s还没有卡的人发了会员卡"},
	"checkin.revoke_card":       {"停用卡", "停用了%s的一张会员卡"},
	"checkin.reissue_card":      {"挂失补发", "给%s挂失补发了会员卡"},
	"checkin.print_cards":       {"打印卡片", "打印了%s的会员卡"},

	"audit.export": {"导出审计", "导出了审计记录"},
}

// ActionName is how people call an action; one that has no name is shown as it is.
func ActionName(action string) string {
	if a, ok := actions[action]; ok {
		return a.name
	}
	return action
}

// Named reports whether an action has a Chinese name.
func Named(action string) bool { return actions[action].name != "" }

// said is the part of a sentence after who did it.
func said(action, subject string) string {
	a, ok := actions[action]
	if !ok {
		return "做了 " + action
	}
	if subject == "" {
		subject = "一项内容"
	}
	return strings.ReplaceAll(a.sentence, "%s", " "+subject+" ")
}
