import type { DescMethod, DescService } from '@bufbuild/protobuf';

/** Where a method of a Connect service is called: `/<package>.<Service>/<Method>`. */
export function connectPath({ parent, name }: Pick<DescMethod, 'parent' | 'name'>): string {
  return `/${parent.typeName}/${name}`;
}

/** Where all methods of the services are called. */
export function connectPaths(...services: readonly DescService[]): ReadonlySet<string> {
  return new Set(services.flatMap(({ methods }) => methods.map(connectPath)));
}
