import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Chunk, ChunkResult } from './run-rows.ts';

/**
 * Runs chunks on so many threads, the next one wherever one is done.
 *
 * @param chunks taken one by one, as threads become free
 * @param onResult told of each chunk as it is done, in any order
 */
export async function runOnThreads(
  chunks: Iterator<Chunk>,
  threads: number,
  onResult: (result: ChunkResult) => void,
): Promise<void> {
  let isStopped = false;
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker-start.mjs', import.meta.url));
    try {
      while (!isStopped) {
        const next = chunks.next();
        if (next.done === true) break;
        worker.postMessage(next.value);
        const results: ChunkResult[] = await once(worker, 'message');
        for (const result of results) onResult(result);
      }
    } finally {
      // Where one thread is in trouble the others need not go on to the end.
      isStopped = true;
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
}
