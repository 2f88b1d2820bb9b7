// Elements without a framework.

type Attributes = Record<string, string | number | boolean | undefined | ((event: Event) => void)>
export type Child = Node | string | undefined | false

/** An element; functions among the attributes are listeners (`onclick`), true is an empty attribute. */
export function h(tag: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else if (name === 'hue') element.style.setProperty('--hue', String(value))
    else if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children.filter((child) => child !== undefined && child !== false))
  return element
}

/** An element of SVG. */
export function svg(
  tag: string,
  attributes: Record<string, string | number>,
  ...children: Node[]
): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  element.append(...children)
  return element
}

/** The element of a page that everything goes into. */
export function app(): HTMLElement {
  const found = document.getElementById('app')
  if (found === null) throw new Error('The page has no #app')
  return found
}
