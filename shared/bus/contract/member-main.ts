// The process of member-process.ts: joins a group, commits once, and stays until it is killed.
import { openBus } from '../open-bus.ts';

const [url = '', group = '', topic = '', commitOffset = ''] = process.argv.slice(2);
const ignore = (): void => undefined;
const bus = openBus({
  url,
  applicationName: 'contract-member',
  log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
});
let readTo = 0;
const member = await bus.joinGroup({
  group,
  topics: [topic],
  initialOffset: 'earliest',
  batchMax: 100,
  onBatch: (records) => {
    readTo = Math.max(readTo, (records.at(-1)?.offset ?? 0) + 1);
    return Promise.resolve();
  },
  onError: (error) => {
    console.error(error);
    process.exit(1);
  },
});
const timer = setInterval(() => {
  if (readTo < Number(commitOffset)) return;
  clearInterval(timer);
  void member.commit(topic, 0, Number(commitOffset)).then((done) => {
    console.log(done ? 'committed' : 'refused');
  });
}, 10);
