import { call } from './client'

export interface Confirmation {
  id: string
  /** Two digits that stand on both screens. */
  number: string
  state: 'pending' | 'approved' | 'refused' | 'spent' | 'expired'
}

/** Asks for a confirmation on the phone of whoever is signed in. */
export const createConfirmation = (action: string, subject: string, summary: string) =>
  call<Confirmation>('POST', '/api/v1/me/confirmations', { action, subject_id: subject, summary })

export const readConfirmation = (id: string) => call<Confirmation>('GET', `/api/v1/me/confirmations/${id}`)
