import type { Kind } from '../../api/types'

/** The first wording for each kind; the head changes what does not fit. */
export interface Template { word: string; title: string; body: string; hours: number }

export type Choice = Kind | 'plain'

export const templates: Record<Choice, Template> = {
  party_day: {
    word: '主题党日',
    title: '主题党日活动',
    body: '请各位老同志按时参加本月主题党日。\n到了以后，扫码或找工作人员签到。\n身体不方便的，请点请假，我们会去看您。',
    hours: 2,
  },
  meeting: {
    word: '联盟会议',
    title: '本月联盟会议',
    body: '请一起商量下个月的活动。\n有什么想法，欢迎到会上说一说。',
    hours: 2,
  },
  outing: {
    word: '参观视察',
    title: '集体参观活动',
    body: '请提前十分钟到集合地点，一起坐车。\n请带好水和常用的药，穿舒服的鞋。\n需要家人陪着来的，请打电话说一声。',
    hours: 4,
  },
  lecture: {
    word: '形势报告',
    title: '形势报告会',
    body: '请各位老同志来听报告。\n会场有热水，前排留给听力不便的同志。',
    hours: 2,
  },
  red_education: {
    word: '红色教育',
    title: '红色教育活动',
    body: '请一起去看一看，讲一讲当年的事。\n请带好水和常用的药，穿舒服的鞋。',
    hours: 3,
  },
  volunteer: {
    word: '志愿服务',
    title: '志愿服务活动',
    body: '请身体允许的老同志自愿参加。\n量力而行，累了就歇一歇。',
    hours: 2,
  },
  culture: {
    word: '文化活动',
    title: '书画交流活动',
    body: '欢迎带上自己的作品。\n纸和笔，现场都有。',
    hours: 2,
  },
  sport: {
    word: '体育活动',
    title: '门球活动',
    body: '请穿运动鞋，量力而行。\n不上场的同志，欢迎来加油。',
    hours: 2,
  },
  study: {
    word: '学习活动',
    title: '集体学习',
    body: '请一起学习，谈谈心得。\n材料有大字本，到场就能领。',
    hours: 2,
  },
  plain: { word: '只发通知', title: '', body: '', hours: 0 },
}
