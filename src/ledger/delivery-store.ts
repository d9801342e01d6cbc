/** Deliveries of webhooks that were taken, so that none is taken twice. Implemented in `store/`. */
export interface DeliveryStore {
  /**
   * Notes a delivery; `false` when it was noted before. Call it in the transaction of what the delivery leads to, so
   * that a delivery whose work failed may come again.
   *
   * @param source - who delivers: `github`, `pagerduty`, …
   * @param at - when it came, milliseconds
   */
  remember(source: string, deliveryId: string, at: number): Promise<boolean>;
  /** Forgets what came before `before`; resolves with how many they were. */
  forget(before: number): Promise<number>;
}
