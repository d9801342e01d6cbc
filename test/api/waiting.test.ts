import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import type { RunEvent } from '../../src/analysis/runs.ts';
import { listen, makeApi, makeRuns, makeTimers } from '../support/api.ts';
import { makeRun } from '../support/plans.ts';
import { newSignal } from '../support/signal.ts';

/** A watch that yields what a test pushes, until the conclusion or the abort of its signal. */
function makeFeed(): {
  runs: ReturnType<typeof makeRuns>;
  push(event: RunEvent): void;
  aborted: Promise<void>;
} {
  const waiting: RunEvent[] = [];
  const aborted = newSignal();
  let wake = (): void => {};
  async function* watch(_id: string, signal: AbortSignal): AsyncGenerator<RunEvent> {
    signal.addEventListener('abort', () => {
      aborted.give();
      wake();
    });
    while (!signal.aborted) {
      const event = waiting.shift();
      if (event !== undefined) yield event;
      if (event?.type === 'concluded') return;
      if (waiting.length === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return {
    runs: makeRuns({ watch }),
    push(event) {
      waiting.push(event);
      wake();
    },
    aborted: aborted.given,
  };
}

type Events = {
  status: number;
  type: string;
  until(pattern: RegExp): Promise<string>;
  ended: Promise<string>;
  leave(): void;
};

/** Reads a stream of events over a real socket. */
function openEvents(url: string): Promise<Events> {
  return new Promise((resolve, reject) => {
    const call = httpRequest(url, (answer) => {
      let text = '';
      let look = (): void => {};
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
        look();
      });
      resolve({
        status: answer.statusCode ?? 0,
        type: String(answer.headers['content-type']),
        until: (pattern) =>
          new Promise((found) => {
            look = () => {
              if (pattern.test(text)) found(text);
            };
            look();
          }),
        ended: new Promise((done) => answer.on('close', () => done(text))),
        leave: () => call.destroy(),
      });
    });
    call.on('error', reject);
    call.end();
  });
}

const eventsPath = `/v1/analyses/${makeRun().id}/events`;

describe('the events of an analysis', () => {
  it('are looks and the conclusion, after which the stream ends', async () => {
    const feed = makeFeed();
    const at = await listen(makeApi({ runs: feed.runs }));
    try {
      const events = await openEvents(at.url + eventsPath);
      assert.equal(events.status, 200);
      assert.equal(events.type, 'text/event-stream');

      feed.push({ type: 'look', run: makeRun({ looks: 1, reason: 'line one\nline two' }) });
      await events.until(/event: look/);
      feed.push({ type: 'concluded', run: makeRun({ looks: 2, phase: 'concluded', verdict: 'pass' }) });
      const text = await events.ended;

      const [first, second, rest] = text.split('\n\n');
      assert.match(first ?? '', /^id: 1\.1\.look\nevent: look\ndata: \{[^\n]*\}$/);
      assert.match(
        second ?? '',
        /^id: 1\.2\.concluded\nevent: concluded\ndata: \{[^\n]*"verdict":"pass"[^\n]*\}$/,
      );
      assert.equal(rest, '');
    } finally {
      await at.close();
    }
  });

  it('are kept alive by a comment every 15 seconds', async () => {
    const feed = makeFeed();
    const timers = makeTimers();
    const at = await listen(makeApi({ runs: feed.runs, after: timers.after }));
    try {
      const events = await openEvents(at.url + eventsPath);
      timers.fire(15_000);
      await events.until(/^: still here\n\n$/);
      timers.fire(15_000);
      await events.until(/^(: still here\n\n){2}$/);

      feed.push({ type: 'concluded', run: makeRun({ phase: 'concluded' }) });
      await events.ended;
      assert.deepEqual(timers.pending(), []);
    } finally {
      await at.close();
    }
  });

  it('stop being watched when the caller leaves', async () => {
    const feed = makeFeed();
    const timers = makeTimers();
    const api = makeApi({ runs: feed.runs, after: timers.after });
    const at = await listen(api);
    try {
      const events = await openEvents(at.url + eventsPath);
      events.leave();
      await feed.aborted;
    } finally {
      await at.close();
    }
    assert.deepEqual(timers.pending(), []);
  });

  it('end with the present state when the server shuts down', async () => {
    const feed = makeFeed();
    const api = makeApi({ runs: feed.runs });
    const at = await listen(api);
    try {
      const events = await openEvents(at.url + eventsPath);
      api.drain();
      assert.match(await events.ended, /^id: 1\.0\.look\nevent: look\ndata: /);
    } finally {
      await at.close();
    }
  });

  it('are a 404 for an analysis that does not exist', async () => {
    const at = await listen(makeApi());
    try {
      assert.equal((await fetch(`${at.url}/v1/analyses/none/events`)).status, 404);
    } finally {
      await at.close();
    }
  });
});

describe('an answer that is held', () => {
  function makeHeld(): { runs: ReturnType<typeof makeRuns>; waiting: Promise<void>; aborted: Promise<void> } {
    const waiting = newSignal();
    const aborted = newSignal();
    const waitFor = async (
      _id: string,
      _waitMs: number,
      signal: AbortSignal,
    ): Promise<ReturnType<typeof makeRun>> => {
      waiting.give();
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve());
      });
      aborted.give();
      return makeRun({ reason: 'as it is now' });
    };
    return { runs: makeRuns({ waitFor }), waiting: waiting.given, aborted: aborted.given };
  }

  it('is let go when its caller leaves', async () => {
    const held = makeHeld();
    const at = await listen(makeApi({ runs: held.runs }));
    try {
      const call = httpRequest(`${at.url}/v1/analyses/${makeRun().id}?wait=60s`);
      call.on('error', () => {});
      call.end();
      await held.waiting;
      call.destroy();
      await held.aborted;
    } finally {
      await at.close();
    }
  });

  for (const path of ['/v1/analyses', '/v1/hooks/argo-rollouts/analysis']) {
    it(`is given at once when the server shuts down (${path})`, async () => {
      const held = makeHeld();
      const api = makeApi({ runs: held.runs });
      const at = await listen(api);
      try {
        const body = JSON.stringify({ service: 'checkout', environment: 'production', wait: '30s' });
        const answering = fetch(at.url + path, { method: 'POST', body });
        await held.waiting;
        api.drain();
        const answer = (await (await answering).json()) as { verdict: string; reason: string };
        assert.equal(answer.verdict, 'running');
        assert.equal(answer.reason, 'as it is now');
      } finally {
        await at.close();
      }
    });
  }

  it('is not held at all once the server shuts down', async () => {
    const held = makeHeld();
    const api = makeApi({ runs: held.runs });
    const at = await listen(api);
    try {
      api.drain();
      const answer = await fetch(`${at.url}/v1/analyses/${makeRun().id}?wait=60s`);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('connection'), 'close');
    } finally {
      await at.close();
    }
  });
});
