import { cloneElement, type ReactElement, useId } from 'react'

/** A control with its label: apart from each other, so that what is chosen is no part of the name. */
export function Field({ label, children }: { label: string; children: ReactElement<{ id?: string }> }) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {cloneElement(children, { id })}
    </div>
  )
}
