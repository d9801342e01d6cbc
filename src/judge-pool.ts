import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { JudgeTask } from './cli/judge-io.ts';
import { SerinError } from './errors.ts';
import type { JudgeTextReply } from './judge-text.ts';

export type JudgePoolOptions = {
  /** Threads at most; each is started when it is needed first. */
  readonly threads: number;
  /** Tasks handed to a thread at once: more than 1 keeps it busy while replies travel. */
  readonly ahead: number;
  /** Tasks that may wait for a thread; more are refused with `overloaded`. */
  readonly waiting: number;
};

/** Judges in threads of their own, so that this one stays free. */
export type JudgePool = {
  /**
   * Rejects with `overloaded` when too many wait, and with `shutting_down` when `signal` aborts before a thread took
   * the task; what is being judged then is judged to its end.
   */
  judge(task: JudgeTask, signal?: AbortSignal): Promise<JudgeTextReply>;
  /** Ends the threads; what they were at is refused with `shutting_down`. */
  close(): Promise<void>;
};

type Job = {
  readonly task: JudgeTask;
  readonly settle: (reply: JudgeTextReply) => void;
  readonly refuse: (error: Error) => void;
};

/** A thread and what it was given, oldest first. */
type Seat = { readonly worker: Worker; readonly jobs: Job[] };

/** Where tsx keeps what lets a thread read TypeScript; it names only its twin for CommonJS to `require`. */
function findLoader(): string {
  const path = createRequire(import.meta.url).resolve('tsx/esm/api');
  return pathToFileURL(path.replace(/\.cjs$/, '.mjs')).href;
}

/**
 * A thread that runs `judge-worker`. From sources it needs what reads TypeScript, for on Node 20 a thread inherits none
 * of that.
 */
function startWorker(): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./judge-worker.js', import.meta.url));
  const entry = JSON.stringify(new URL('./judge-worker.ts', import.meta.url).href);
  const code = `import { register } from ${JSON.stringify(findLoader())}; register(); await import(${entry});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
}

function broken(error: Error): JudgeTextReply {
  return { kind: 'broken', message: error.message, stack: error.stack ?? error.message };
}

const stopping = () => new SerinError('shutting_down', 'the server is shutting down; ask again');

/**
 * Opens a thread. When it ends by itself, what it died of is the oldest of its jobs; the others are left to `onEnd`.
 */
function openSeat(onReply: () => void, onEnd: (left: readonly Job[]) => void): Seat {
  const seat: Seat = { worker: startWorker(), jobs: [] };
  let cause = new Error('the thread ended by itself');
  seat.worker.on('message', (reply: JudgeTextReply) => {
    seat.jobs.shift()?.settle(reply);
    if (seat.jobs.length === 0) seat.worker.unref();
    onReply();
  });
  seat.worker.on('error', (error) => {
    cause = error;
  });
  seat.worker.on('exit', () => {
    seat.jobs.shift()?.settle(broken(cause));
    onEnd(seat.jobs);
  });
  return seat;
}

/** Makes a pool. No thread is started yet, and idle ones keep no process alive. */
export function createJudgePool({ threads, ahead, waiting }: JudgePoolOptions): JudgePool {
  const seats = new Set<Seat>();
  let queue: Job[] = [];
  let isClosed = false;

  function open(): Seat {
    const seat = openSeat(dispatch, (left) => {
      seats.delete(seat);
      queue = [...left, ...queue];
      dispatch();
    });
    seats.add(seat);
    return seat;
  }

  function findSeat(): Seat | null {
    const [calmest] = [...seats].sort((left, right) => left.jobs.length - right.jobs.length);
    if (calmest !== undefined && calmest.jobs.length === 0) return calmest;
    if (seats.size < threads) return open();
    return calmest !== undefined && calmest.jobs.length < ahead ? calmest : null;
  }

  function dispatch(): void {
    for (let seat = queue.length > 0 ? findSeat() : null; seat !== null; ) {
      const job = queue.shift();
      if (job === undefined) return;
      seat.jobs.push(job);
      seat.worker.ref();
      seat.worker.postMessage(job.task);
      seat = queue.length > 0 ? findSeat() : null;
    }
  }

  return {
    judge(task, signal) {
      return new Promise((settle, refuse) => {
        const job: Job = { task, settle, refuse };
        if (isClosed || signal?.aborted === true) return refuse(stopping());
        if (queue.length >= waiting)
          return refuse(
            new SerinError('overloaded', `${waiting} bodies wait to be judged already; ask again`),
          );
        queue.push(job);
        signal?.addEventListener('abort', () => {
          if (!queue.includes(job)) return;
          queue = queue.filter((one) => one !== job);
          refuse(stopping());
        });
        dispatch();
      });
    },
    async close() {
      isClosed = true;
      const open = [...seats];
      for (const job of [...queue, ...open.flatMap(({ jobs }) => jobs)]) job.refuse(stopping());
      queue = [];
      for (const { jobs } of open) jobs.length = 0;
      await Promise.all(open.map(({ worker }) => worker.terminate()));
    },
  };
}
