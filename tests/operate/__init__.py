"""What ships for operators: rules, board, manifests, pages, and the doctor."""
