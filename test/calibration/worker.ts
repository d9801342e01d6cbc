import { parentPort } from 'node:worker_threads';
import { type Chunk, runOf } from './run-rows.ts';

parentPort?.on('message', (chunk: Chunk) => {
  parentPort?.postMessage(runOf(chunk));
});
