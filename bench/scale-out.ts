// What more nodes bring on this machine: one node and three, both behind a plain balancer, on the same MySQL and Redis,
// which share its cores with them, with the balancer and with the load generator.
import { fileURLToPath } from 'node:url';
import { openBed } from './bed.ts';
import { type ChildServer, startChildServer } from './child-server.ts';
import { compareFleets, type Fleet, type FleetRow } from './fleet-rounds.ts';
import type { Plan } from './plan.ts';
import type { Subject } from './subject.ts';

const PROXY = fileURLToPath(new URL('./round-robin-proxy.ts', import.meta.url));
const NODES = 3;

/** @returns nothing where there is no MySQL or Redis */
export async function measureScaleOut(plan: Plan): Promise<readonly FleetRow[]> {
  const bed = await openBed('servers', plan);
  if (bed === undefined) return [];
  const nodes: Subject[] = [];
  const balancers: ChildServer[] = [];
  try {
    for (let node = 0; node < NODES; node++) nodes.push(await bed.startSubject());
    const [first] = nodes;
    if (first === undefined) throw new Error('no nodes to measure');
    const balanced = async (members: readonly Subject[]): Promise<Fleet> => {
      const balancer = await startChildServer(
        PROXY,
        members.map(({ url }) => new URL(url).port),
      );
      balancers.push(balancer);
      const processorMs = () => members.reduce((sum, member) => sum + member.processorMs(), 0);
      return { name: `${members.length} behind the balancer`, url: balancer.url, processorMs };
    };
    return await compareFleets(bed, first, [
      { name: '1, asked directly', url: first.url, processorMs: first.processorMs },
      await balanced([first]),
      await balanced(nodes),
    ]);
  } finally {
    await Promise.all(balancers.map((balancer) => balancer.stop()));
    await Promise.all(nodes.map((node) => node.stop()));
    await bed.close();
  }
}
