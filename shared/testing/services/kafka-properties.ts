// server.properties of a Kafka of one node (KRaft, no ZooKeeper), for development and tests.
export interface KafkaListener {
  /** Such as `SASL_SSL`; upper case. */
  readonly name: string;
  readonly protocol: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  readonly port: number;
  /** Where clients are told to connect, if not there: the port of a proxy. */
  readonly advertisedPort?: number;
}

export interface KafkaPropertiesInput {
  readonly port: number;
  readonly controllerPort: number;
  readonly dataDir: string;
  /** The address it binds; a container must bind them all. */
  readonly bind: string;
  /** Beside PLAINTEXT, which is always there. */
  readonly listeners: readonly KafkaListener[];
  /** Win over ours. */
  readonly properties: Readonly<Record<string, string>>;
}

export function kafkaProperties(input: KafkaPropertiesInput): string {
  const plain: KafkaListener = { name: 'PLAINTEXT', protocol: 'PLAINTEXT', port: input.port };
  const listeners = [plain, ...input.listeners];
  const list = (write: (each: KafkaListener) => string): string => listeners.map(write).join(',');
  const all: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${input.controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners:
      list((each) => `${each.name}://${input.bind}:${each.port}`) +
      `,CONTROLLER://127.0.0.1:${input.controllerPort}`,
    'advertised.listeners': list(
      (each) => `${each.name}://127.0.0.1:${each.advertisedPort ?? each.port}`,
    ),
    'listener.security.protocol.map':
      list((each) => `${each.name}:${each.protocol}`) + ',CONTROLLER:PLAINTEXT',
    'log.dirs': input.dataDir,
    ...FOR_ONE_NODE,
    ...input.properties,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

const FOR_ONE_NODE = {
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  // As in production: topics come from the catalog, and a misspelt one is an error.
  'auto.create.topics.enable': 'false',
  // A member that joins an empty group gets its partitions at once.
  'group.initial.rebalance.delay.ms': '0',
  // The defaults (50 partitions, 128 MB to compact them) make the first group wait for seconds.
  'offsets.topic.num.partitions': '5',
  'transaction.state.log.num.partitions': '5',
  'log.cleaner.dedupe.buffer.size': '16777216',
  // A broker that was killed is let in again only when its last session has run out: 6 s from start
  // to ready instead of 17.
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
  'num.network.threads': '2',
  'num.io.threads': '4',
} as const;
