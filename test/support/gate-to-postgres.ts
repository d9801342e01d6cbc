import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a PostgreSQL server that can be shut, so that the server seems to go away and to come back. */
export type Gate = {
  /** The URL given, by way of the gate. */
  readonly url: string;
  /** Cuts all connections and refuses new ones. */
  shut(): Promise<void>;
  /** Lets callers through again, at the same address. */
  open(): Promise<void>;
  /** Keeps connections, and passes nothing on. */
  fallSilent(): void;
};

/** Opens a gate to the server of `url`. */
export async function openGate(url: string): Promise<Gate> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let server = await listen(0, pass);
  const { port } = server.address() as AddressInfo;

  function pass(caller: Socket): void {
    const upstream = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [caller, upstream],
      [upstream, caller],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }

  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(port);
  return {
    url: through.href,
    shut: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    open: async () => {
      server = await listen(port, pass);
    },
    fallSilent: () => {
      for (const socket of sockets) socket.unpipe();
    },
  };
}

async function listen(port: number, pass: (socket: Socket) => void): Promise<Server> {
  const server = createServer(pass).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
