// Prints what `npm run bench -- --json FILE` has written as the tables of docs/performance.md: `node bench/markdown.ts FILE…`.
// Rows of several files stand below each other, so that a scenario can be measured again by itself.
import { readFileSync } from 'node:fs';
import { measureTable, pacedTable, type Report, scenarioTable, targetTable } from './markdown-tables.ts';

const reports = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report);
const scenarios = reports.flatMap((report) => report.scenarios);
const floor = Object.assign({}, ...reports.map((report) => report.floor)) as Report['floor'];

const [first] = reports;
if (first === undefined) throw new Error('usage: node bench/markdown.ts FILE…');
const { date, machine, node, plan } = first;
const tables = [
  `${date.slice(0, 10)}, ${machine}, Node ${node}, ${plan.rounds} rounds of ${plan.seconds} s.`,
  targetTable(scenarios),
  scenarioTable(scenarios, floor),
  pacedTable(scenarios),
  ...reports.flatMap(({ measures }) =>
    Object.entries(measures).map(([name, rows]) => `\`${name}\`\n\n${measureTable(rows)}`),
  ),
];
console.log(tables.join('\n\n'));
