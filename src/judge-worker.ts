import { parentPort } from 'node:worker_threads';
import type { JudgeTask } from './cli/judge-io.ts';
import { judgeText } from './judge-text.ts';

// The other end of judge-pool.ts: one reply for each task, in their order.
parentPort?.on('message', (task: JudgeTask) => parentPort?.postMessage(judgeText(task)));
