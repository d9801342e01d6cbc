import type { Analysis } from './client.ts';
import type { News } from './gate-wait.ts';
import type { Io } from './io.ts';
import { oneLine, writePage, writeSpan, writeSubject } from './words.ts';

/** Shows on stderr where waiting stands. `stop` leaves the cursor on an empty line. */
export type Progress = { tell(news: News): void; stop(): void };

/** CI systems end a job that is silent for ten minutes. */
const heartbeat = 300_000;

function writeNews(news: News, io: Io): string {
  if (news.kind === 'outage')
    return `unavailable for ${writeSpan(io.now() - news.since)}: ${oneLine(news.reason)}`;
  const { verdict, phase, looks, endsAt, reason } = news.analysis;
  if (verdict !== 'running') return `${verdict} after ${looks} looks`;
  const left = Date.parse(endsAt) - io.now();
  const time = left > 0 ? `${writeSpan(left)} left` : 'about to end';
  return `${phase}, look ${looks}, ${time}: ${oneLine(reason)}`;
}

function cut(text: string, width: number): string {
  return text.length < width ? text : `${text.slice(0, Math.max(0, width - 2))}…`;
}

/** Calls `action` each second until the function returned is called. */
function eachSecond(io: Io, action: () => void): () => void {
  const stopped = new AbortController();
  const tick = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await io.sleep(1000, stopped.signal);
      action();
    }
  };
  // The sleep that is cut short rejects, which is how ticking ends.
  tick().catch(() => {});
  return () => stopped.abort();
}

/** A line that is written over; it ticks each second, so that a person sees that something is alive. */
function liveLine(io: Io): Progress {
  const paints = (io.env['NO_COLOR'] ?? '') === '';
  let latest: News | null = null;
  const draw = (): void => {
    if (latest === null) return;
    const text = cut(writeNews(latest, io), io.stderr.columns ?? 80);
    const colour = latest.kind === 'outage' ? 33 : 36;
    io.stderr.write(`\r\u001B[2K${paints ? `\u001B[${colour}m${text}\u001B[0m` : text}`);
  };
  const stopTicking = eachSecond(io, draw);
  return {
    tell: (news) => {
      latest = news;
      draw();
    },
    stop: () => {
      stopTicking();
      if (latest !== null) io.stderr.write('\r\u001B[2K');
    },
  };
}

/** What makes two pieces of news the same for a reader of a log. */
function gist(news: News): string {
  if (news.kind === 'outage') return news.reason;
  const { phase, verdict, looks, reason } = news.analysis;
  return [phase, verdict, looks, reason].join('|');
}

/** One line for each change and, when nothing changes, one every five minutes. */
function plainLines(io: Io): Progress {
  let told = '';
  let toldAt = 0;
  return {
    tell: (news) => {
      if (gist(news) === told && io.now() - toldAt < heartbeat) return;
      told = gist(news);
      toldAt = io.now();
      io.stderr.write(`${new Date(toldAt).toISOString().slice(11, 19)} ${writeNews(news, io)}\n`);
    },
    stop: () => {},
  };
}

/** Live on a terminal, plain lines elsewhere; says once which analysis it is and where to read it. */
export function createProgress(io: Io, url: string): Progress {
  const inner = io.isTTY ? liveLine(io) : plainLines(io);
  let announced: Analysis['id'] | null = null;
  return {
    tell: (news) => {
      if (news.kind === 'analysis' && news.analysis.id !== announced) {
        announced = news.analysis.id;
        io.stderr.write(
          `${io.isTTY ? '\r\u001B[2K' : ''}judging ${writeSubject(news.analysis)}: ${writePage(news.analysis, url)}\n`,
        );
      }
      inner.tell(news);
    },
    stop: () => inner.stop(),
  };
}
