// A gossip node in a process of its own, to be killed: takes its options as JSON in the first argument, sends the
// address of its LAN pool to its parent.
import { type GossipNodeOptions, startGossipNode } from './gossip.ts';

const node = await startGossipNode(JSON.parse(process.argv[2] ?? '') as GossipNodeOptions);
process.send?.(node.address.get('lan'));
