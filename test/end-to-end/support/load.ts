import { Agent, get } from 'node:http';

type LoadOptions = { readonly perSecond: number; readonly forMs: number; readonly signal: AbortSignal };

const tickMs = 10;
const inFlightAtMost = 50;

/**
 * Sends `perSecond` requests a second to `http://<address>/` until `signal` aborts, for at most `forMs`. What cannot
 * be sent in time (the machine or the service is too slow) is left out, never made up in a burst.
 */
export function startLoad(address: string, { perSecond, forMs, signal }: LoadOptions): void {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlightAtMost });
  const burst = Math.ceil((5 * tickMs * perSecond) / 1000);
  const began = performance.now();
  let due = 0;
  let inFlight = 0;

  const send = (): void => {
    inFlight += 1;
    const request = get(`http://${address}/`, { agent }, (response) => response.resume());
    // A service that has been stopped answers nothing; what it answered before is in its own counters.
    request.on('error', () => undefined);
    request.on('close', () => {
      inFlight -= 1;
    });
  };
  const stop = (): void => {
    clearInterval(timer);
    signal.removeEventListener('abort', stop);
    agent.destroy();
  };
  const tick = (): void => {
    const elapsed = performance.now() - began;
    const dueNow = Math.floor((elapsed * perSecond) / 1000);
    const sending = Math.min(dueNow - due, burst, inFlightAtMost - inFlight);
    due = dueNow;
    for (let sent = 0; sent < sending; sent += 1) send();
    if (elapsed > forMs) stop();
  };
  const timer = setInterval(tick, tickMs);
  signal.addEventListener('abort', stop);
}
