/* empty: no UAPI header needs a declaration of it */
