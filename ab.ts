const root = process.argv[2];
const { makeFlow } = await import(`${root}/test/bench/engine/flow.ts`);
const { runOurs } = await import(`${root}/test/bench/engine/ours.ts`);
const flow = makeFlow(20_120_621, 10_000, 2_000_000);
runOurs(makeFlow(1, 1000, 300000), { operations: 300_000, decodes: false });
const r=[];
for (let i=0;i<14;i++) r.push(runOurs(flow, { operations: 2_000_000, decodes: false }).rate.perCpuSecond);
console.log(root, r.map((x)=>Math.round(x/1000)).join(' '));
