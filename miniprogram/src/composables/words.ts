import type { Door, Kind, Outcome } from '../api/types'

export const kinds: Record<Kind, string> = {
  party_day: '主题党日',
  meeting: '联盟会议',
  outing: '参观视察',
  lecture: '形势报告',
  red_education: '红色教育',
  volunteer: '志愿服务',
  culture: '文化活动',
  sport: '体育活动',
  study: '学习活动',
}

export const doors: Record<Door, string> = {
  self: '自己扫码',
  scan: '工作人员扫码',
  card: '刷卡',
  roster: '点名',
  paper: '纸质签到',
}

export const outcomes: Record<Outcome, string> = {
  told: '已通知',
  no_answer: '未接',
  leave: '请假',
  inconvenient: '不便',
  wrong_number: '号码有误',
}

export const outcomeWord = (outcome: string): string => outcomes[outcome as Outcome] ?? ''

export const leaveReasons = ['身体不适', '家里有事', '人在外地', '正在住院', '照看孩子']

const answers: Record<string, string> = { going: '参加', leave: '请假', unsure: '还没定', waiting: '候补' }

export const answerWord = (answer: string | undefined): string => answers[answer ?? ''] ?? '还没答复'

/** Who does not come and is not missed: excused, or without a place. */
export const excused = (answer: string | undefined): boolean => answer === 'leave' || answer === 'waiting'

/** Who goes along: by relation, never by name. */
export const relations: Record<string, string> = { spouse: '老伴', child: '子女', relative: '其他亲属', carer: '照看的人' }

export const companionWords = (list: string[]): string => list.map((r) => relations[r] ?? '陪同').join('、')

export const kindWord = (kind: string): string => kinds[kind as Kind] ?? '活动'

export function activityState(state: string): string {
  return state === 'cancelled' ? '已取消' : state === 'ended' ? '已结束' : ''
}
