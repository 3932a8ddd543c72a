// A server that can be stopped, killed and started again on the same port with the same data: what
// a test of a failure needs of Kafka, Redis and Postgres, however they run.
export type ServiceName = 'kafka' | 'redis' | 'postgres';
export type Engine = 'process' | 'container';

/** One run, from a start to its end. */
export interface RunningServer {
  /** Null when the system does not tell, as for a container inside a virtual machine. */
  readonly pid: () => number | null;
  /** Resolves when it is gone, for whatever reason. */
  readonly exited: Promise<void>;
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Asks it to end and waits. */
  stop(): Promise<void>;
}

export interface BackingServer {
  readonly name: ServiceName;
  readonly engine: Engine;
  readonly port: number;
  /** Of the process that serves; null while none does. */
  pid(): number | null;
  isRunning(): boolean;
  /** On the same port, with the same data. Does nothing when it runs. */
  start(): Promise<void>;
  /** Asks it to end and waits. Does nothing when it does not run. */
  stop(): Promise<void>;
  /** SIGKILL, and waits until it is gone. Does nothing when it does not run. */
  kill(): Promise<void>;
  /** `SIGSTOP` pauses it, `SIGCONT` lets it go on; throws when it does not run. */
  signal(signal: NodeJS.Signals): Promise<void>;
  /** `stop`, then `start`. */
  restart(): Promise<void>;
  /** Called whenever it ends without having been told to. */
  onUnexpectedEnd: (() => void) | null;
}

export interface ServerFacts {
  readonly name: ServiceName;
  readonly engine: Engine;
  readonly port: number;
  readonly launch: () => Promise<RunningServer>;
}

/** Not started yet. */
export function createBackingServer(facts: ServerFacts): BackingServer {
  let current: RunningServer | null = null;
  const getCurrent = (): RunningServer => {
    if (current === null) throw new Error(`${facts.name} does not run`);
    return current;
  };
  const server: BackingServer = {
    name: facts.name,
    engine: facts.engine,
    port: facts.port,
    pid: () => current?.pid() ?? null,
    isRunning: () => current !== null,
    start: async () => {
      if (current !== null) return;
      const run = await facts.launch();
      current = run;
      void run.exited.then(() => {
        if (current !== run) return;
        current = null;
        server.onUnexpectedEnd?.();
      });
    },
    stop: async () => {
      const run = current;
      current = null;
      await run?.stop();
    },
    kill: async () => {
      const run = current;
      current = null;
      await run?.signal('SIGKILL');
      await run?.exited;
    },
    signal: async (signal) => {
      await getCurrent().signal(signal);
    },
    restart: async () => {
      await server.stop();
      await server.start();
    },
    onUnexpectedEnd: null,
  };
  return server;
}
