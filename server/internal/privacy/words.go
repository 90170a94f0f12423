package privacy

// tableWords say in Chinese what lies in a table, for whoever decides about an erasure.
var tableWords = map[string]string{
	"persons": "台账登记", "status_proposals": "待核对的人员变动", "account_persons": "微信绑定", "binding_codes": "登记码", "claims": "认领申请",
	"role_grants": "担任过的职务", "cards": "签到卡", "notice_recipients": "收到的通知", "notice_deliveries": "微信提醒记录", "notice_calls": "电话记录",
	"notice_preferences": "怎样通知",
	"activity_expected":  "应到和请假", "activity_buses": "乘车安排", "activity_numbers": "签到表上的序号", "checkins": "签到", "checkin_annulments": "撤销的签到",
	"checkin_conflicts": "重复的签到", "person_changes": "台账变更记录", "person_terms": "按姓名拼音查找的索引", "election_candidates": "推选候选记录",
	"election_voters": "参加推选的记录", "head_terms": "负责人任期", "erasures": "删除申请本身", "accounts": "微信账号", "imports": "导入文件",
	"person_attachments": "附件", "persons_apart": "同一电话但不是一家人的说明", "jobs": "后台任务", "parcels": "保存的文件", "confirmations": "手机确认",
}

// keepWords say in Chinese why rows stay, by the English of Places.
var keepWords = map[string]string{
	"stands for the person in statistics": "只留一行空的，供统计人数", statistic: "只留次数，供单位和活动统计", "who held a role when": "只留职务和起止时间",
	"the numbers on printed sheets": "只留序号", "figures of past days": "只留人数变化，内容清空", "who was head when": "只留任期",
	"the list of those erased": "只留编号，防止旧备份恢复", "stands for the account in records": "只留编号",
}

func wordOf(words map[string]string, key string) string {
	if w := words[key]; w != "" {
		return w
	}
	return key
}

// Words say in Chinese what lies in a table and why it stays, "" where it goes.
func Words(table, keep string) (label, why string) {
	return wordOf(tableWords, table), wordOf(keepWords, keep)
}
