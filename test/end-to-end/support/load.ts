import { Agent, get } from 'node:http';

/** Requests to one address at a steady rate. */
export type Load = {
  /** How many answers came so far, by status. */
  readonly answered: ReadonlyMap<number, number>;
  /** How many requests got no answer at all. */
  failed(): number;
  stop(): void;
};

const tickMs = 10;
const inFlightAtMost = 50;

/**
 * Sends `perSecond` requests a second to `http://<address>/` for at most `forMs`. What cannot be sent in time (the
 * machine or the service is too slow) is left out, never made up in a burst.
 */
export function startLoad(
  address: string,
  { perSecond, forMs }: { readonly perSecond: number; readonly forMs: number },
): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlightAtMost });
  const answered = new Map<number, number>();
  const began = performance.now();
  let due = 0;
  let inFlight = 0;
  let failed = 0;

  const send = (): void => {
    inFlight += 1;
    const request = get(`http://${address}/`, { agent }, (response) => {
      const status = response.statusCode ?? 0;
      answered.set(status, (answered.get(status) ?? 0) + 1);
      response.resume();
    });
    request.on('error', () => {
      failed += 1;
    });
    request.on('close', () => {
      inFlight -= 1;
    });
  };
  const stop = (): void => {
    clearInterval(timer);
    agent.destroy();
  };
  const timer = setInterval(() => {
    const elapsed = performance.now() - began;
    if (elapsed > forMs) {
      stop();
      return;
    }
    const dueNow = Math.floor((elapsed * perSecond) / 1000);
    const sending = Math.min(
      dueNow - due,
      Math.ceil((5 * tickMs * perSecond) / 1000),
      inFlightAtMost - inFlight,
    );
    due = dueNow;
    for (let sent = 0; sent < sending; sent += 1) send();
  }, tickMs);

  return { answered, failed: () => failed, stop };
}
