import type { PersonDetail } from '@/api/ledger'

/** One column of the sheet. A covered one is shown with a reason, and written by typing a new value. */
export interface Field {
  key: string
  label: string
  /** Where the detail carries it. */
  at: keyof PersonDetail
  covered?: boolean
  /** Takes the whole width. */
  wide?: boolean
  hint?: string
  max: number
  choices?: string[]
}

const day = '如 1952-03 或 1952-03-05'

export const sections: { title: string; fields: Field[] }[] = [
  {
    title: '基本情况',
    fields: [
      { key: 'name', label: '姓名', at: 'name', max: 30 },
      { key: 'sex', label: '性别', at: 'sex', max: 1, choices: ['男', '女'] },
      { key: 'ethnicity', label: '民族', at: 'ethnicity', max: 20 },
      { key: 'birth', label: '出生年月', at: 'birth_month', covered: true, max: 10, hint: day },
      { key: 'id_number', label: '身份证号', at: 'id_number_masked', covered: true, max: 40 },
      { key: 'education', label: '文化程度', at: 'education', max: 40 },
    ],
  },
  {
    title: '党籍与工作',
    fields: [
      { key: 'joined_party', label: '入党时间', at: 'joined_party', max: 10, hint: day },
      { key: 'party_post', label: '党内职务', at: 'party_post', max: 60 },
      { key: 'started_work', label: '参加工作时间', at: 'started_work', max: 10, hint: day },
      { key: 'leave_kind', label: '离退类别', at: 'leave_kind', max: 20 },
      { key: 'left_at', label: '离退休时间', at: 'left_at', max: 10, hint: day },
      { key: 'job_rank', label: '职级', at: 'job_rank', max: 60 },
      { key: 'former_post', label: '原单位及职务', at: 'former_post', max: 200, wide: true },
    ],
  },
  {
    title: '联系与居住',
    fields: [
      { key: 'phone', label: '联系电话', at: 'phone_masked', covered: true, max: 40 },
      { key: 'phone_shared_with', label: '同用手机人', at: 'phone_shared_with', max: 60 },
      { key: 'smartphone', label: '智能手机', at: 'smartphone', max: 60 },
      { key: 'liaison_name', label: '联络员', at: 'liaison_name', max: 60 },
      { key: 'community', label: '社区', at: 'community', max: 100 },
      { key: 'community_registered', label: '社区报到', at: 'community_registered', max: 100 },
      { key: 'elsewhere', label: '异地居住', at: 'elsewhere', max: 100 },
      { key: 'living', label: '居住情况', at: 'living', max: 40 },
      { key: 'address', label: '现居住地址', at: 'address_masked', covered: true, max: 300, wide: true },
    ],
  },
  {
    title: '健康、特长与意愿',
    fields: [
      { key: 'health', label: '健康状况', at: 'health_masked', covered: true, max: 300, wide: true },
      { key: 'talents', label: '特长', at: 'talents', max: 200 },
      { key: 'hobbies', label: '爱好', at: 'hobbies', max: 200 },
      { key: 'team_wish', label: '兴趣队', at: 'team_wish', max: 200 },
      { key: 'volunteer', label: '志愿服务意愿', at: 'volunteer', max: 100 },
      { key: 'remark', label: '备注', at: 'remark_masked', covered: true, max: 700, wide: true },
    ],
  },
]

export const fields = sections.flatMap((s) => s.fields)

/** What a form begins with: covered columns empty, the others as they are. */
export function draftOf(p: PersonDetail): Record<string, string> {
  return Object.fromEntries(fields.map((f) => [f.key, f.covered ? '' : String(p[f.at] ?? '')]))
}

/** Only what was really changed; an empty covered column stays as it is. */
export function changesOf(p: PersonDetail, draft: Record<string, string>): Record<string, string> {
  const before = draftOf(p)
  return Object.fromEntries(fields.filter((f) => draft[f.key].trim() !== before[f.key]).map((f) => [f.key, draft[f.key].trim()]))
}
