import { call } from './client'
import type { Me } from './types'

/** A QR that waits for a phone. */
export interface Offer {
  id: string
  /** Only this page knows it: whoever photographs the screen can't take the session. */
  secret: string
  /** The text of the QR. */
  qr: string
  /** Two digits that stand on both screens. */
  number: string
  expires_at: string
}

/** What the phone has said so far; approved comes once, together with the session's cookie. */
export interface Answer {
  state: 'pending' | 'scanned' | 'approved' | 'refused' | 'used' | 'expired'
  me?: Me
}

export const offerSignIn = () => call<Offer>('POST', '/api/v1/console/logins', {})
export const readSignIn = (offer: Offer) => call<Answer>('POST', `/api/v1/console/logins/${offer.id}/poll`, { secret: offer.secret })
